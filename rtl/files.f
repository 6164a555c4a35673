// The synthesizable files, relative to rtl/, the package first. sram_arrays.sv and
// accumulator_memory.sv stand for memory macros, core_assertions.sv is empty in synthesis.
word_code.sv
accumulator_memory.sv
accumulators.sv
brownout_core.sv
core_assertions.sv
delay_line.sv
pe.sv
pe_array.sv
performance_counters.sv
run_reader.sv
sram_arrays.sv
stream_control.sv
suspect_code.sv
weight_decoder.sv
weight_memory.sv
weight_path.sv
weight_unpacker.sv
word_decoder.sv
word_encoder.sv
