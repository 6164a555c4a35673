// SPDX-License-Identifier: Apache-2.0
// data_o in t + STAGES = data_i in t, for data without a reset; STAGES may be 0.

module delay_line #(
  parameter int STAGES = 1,
  parameter int WIDTH = 1
) (
  input  logic             clk_i,
  input  logic [WIDTH-1:0] data_i,
  output logic [WIDTH-1:0] data_o
);

  generate
    if (STAGES == 0) begin : gen_wire
      assign data_o = data_i;
      logic unused_clk;
      assign unused_clk = clk_i;
    end else begin : gen_registers
      logic [STAGES*WIDTH-1:0] stages_q;
      if (STAGES == 1) begin : gen_one
        always_ff @(posedge clk_i) stages_q <= data_i;
      end else begin : gen_many
        always_ff @(posedge clk_i) stages_q <= {stages_q[(STAGES-1)*WIDTH-1:0], data_i};
      end
      assign data_o = stages_q[STAGES*WIDTH-1 -: WIDTH];
    end
  endgenerate

endmodule
