# Made by brownout technology plot; gnuplot 5.4 or later, in the folder of the data.
if (!exists('output_file')) output_file = "./technologies.svg"
if (!exists('data_file')) data_file = "./technologies.dat"
set terminal svg size 960,420 dynamic font 'Helvetica,13' background rgb 'white'
set output output_file
set encoding utf8
set border 3 lw 1 lc rgb '#8a8f98'
set grid xtics ytics lw 0.6 lc rgb '#e4e6ea'
set tics nomirror textcolor rgb 'black'
set key bottom left Left reverse samplen 2
set xlabel 'V/Vmin'
set multiplot layout 1,2
set ylabel 'bit error rate, %'
set logscale y
set format y '%g'
plot data_file index 0 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#0072b2' title "14nm-finfet" noenhanced, data_file index 1 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#e69f00' title "22nm-sram" noenhanced, data_file index 2 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#009e73' title "28nm-bram-kc705" noenhanced, data_file index 3 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#cc3311' title "28nm-bram-vc707" noenhanced, data_file index 4 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#cc79a7' title "45nm-soi" noenhanced
unset logscale y
set yrange [0:*]
set ylabel 'energy of an access, relative to Vmin'
set key bottom right
plot data_file index 5 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#0072b2' title "14nm-finfet" noenhanced, data_file index 6 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#e69f00' title "22nm-sram" noenhanced, data_file index 7 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#009e73' title "28nm-bram-kc705" noenhanced, data_file index 8 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#cc3311' title "28nm-bram-vc707" noenhanced, data_file index 9 using 1:2 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#cc79a7' title "45nm-soi" noenhanced
unset multiplot
