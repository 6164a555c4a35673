// SPDX-License-Identifier: Apache-2.0
// Package: the functions of libbrownout-dpi as SystemVerilog sees them. brownout_dpi.h says what
// each of them does. Icarus Verilog has no DPI; there the same functions are called $brownout_open
// and so on, and this file is empty.
`ifndef __ICARUS__

package brownout_dpi;

  // 0: it failed, and brownout_last_error() says why.
  import "DPI-C" function int brownout_open(
    input string chip, input real voltage, input longint depth, input int width);
  import "DPI-C" function int brownout_open_at(
    input string chip, input real voltage, input longint depth, input int width,
    input longint offset, input string technology, input int memory, input longint seed,
    input int fresh);

  // 0: done. Otherwise it failed, and brownout_last_error() says why.
  import "DPI-C" function int brownout_close(input int handle);
  import "DPI-C" function int brownout_set_voltage(input int handle, input real voltage);

  // Likewise. They differ in the widest word that `data` has room for.
  import "DPI-C" function int brownout_read(
    input int handle, input longint address, inout bit [63:0] data);
  import "DPI-C" function int brownout_read_256(
    input int handle, input longint address, inout bit [255:0] data);
  import "DPI-C" function int brownout_read_1024(
    input int handle, input longint address, inout bit [1023:0] data);
  import "DPI-C" function int brownout_read_4096(
    input int handle, input longint address, inout bit [4095:0] data);
  import "DPI-C" function int brownout_read_65536(
    input int handle, input longint address, inout bit [65535:0] data);

  // -1: it failed.
  import "DPI-C" function longint brownout_reads(input int handle);
  import "DPI-C" function longint brownout_words_wrong(input int handle);
  import "DPI-C" function longint brownout_bits_wrong(input int handle);
  import "DPI-C" function longint brownout_cells_hit(input int handle);

  import "DPI-C" function string brownout_last_error();
  import "DPI-C" function string brownout_version();

endpackage

`endif
