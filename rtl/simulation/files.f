// Beside ../files.f for the simulation with faults and the replay, relative to rtl/.
simulation/sram_faults.sv
simulation/replay_files.sv
simulation/replay.sv
