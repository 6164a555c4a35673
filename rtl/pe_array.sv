// SPDX-License-Identifier: Apache-2.0
// Weight-stationary array of ROWS x COLUMNS elements and the column-sum lane. The sums of a vector
// that enters in cycle t leave aligned in t + ROWS + COLUMNS.
//
// Row r lags r cycles, column c lags c. Lane COLUMNS carries the sum of the activations. Shadow
// weights are written one column at a time, row r r cycles later than row 0, after the wave of the
// swap that frees them.

module pe_array #(
  parameter int ROWS = 16,
  parameter int COLUMNS = 16,
  parameter int COLUMN_BITS = 5,
  localparam int PSUM_BITS = 16 + $clog2(ROWS)
) (
  input  logic                               clk_i,
  input  logic                               rst_ni,
  // Shadow weights of one column, as row 0 takes them
  input  logic                               load_i,
  input  logic [COLUMN_BITS-1:0]             load_column_i,
  input  logic [ROWS*8-1:0]                  load_weights_i,
  // Vector of activations; the swap comes with the first one of a tile
  input  logic                               swap_i,
  input  logic [ROWS*9-1:0]                  activations_i,
  // Sums, lane COLUMNS: that of the activations
  output logic [(COLUMNS+1)*PSUM_BITS-1:0]   sums_o
);

  generate
    for (genvar r = 0; r < ROWS; r++) begin : gen_row
      logic [8:0] activation;
      logic [7:0] weight;
      logic       swap, load;
      logic [COLUMN_BITS-1:0] load_column;

      delay_line #(
        .STAGES(r),
        .WIDTH(9)
      ) u_activation_skew (
        .clk_i,
        .data_i(activations_i[r*9 +: 9]),
        .data_o(activation)
      );
      delay_line #(
        .STAGES(r),
        .WIDTH(8 + COLUMN_BITS)
      ) u_weight_skew (
        .clk_i,
        .data_i({load_weights_i[r*8 +: 8], load_column_i}),
        .data_o({weight, load_column})
      );

      // One more register per row: row r sees them r cycles later.
      if (r == 0) begin : gen_first_control
        assign swap = swap_i;
        assign load = load_i;
      end else begin : gen_control
        logic swap_q, load_q;
        always_ff @(posedge clk_i or negedge rst_ni) begin
          if (!rst_ni) begin
            swap_q <= 1'b0;
            load_q <= 1'b0;
          end else begin
            swap_q <= gen_row[r-1].swap;
            load_q <= gen_row[r-1].load;
          end
        end
        assign swap = swap_q;
        assign load = load_q;
      end

      for (genvar c = 0; c < COLUMNS; c++) begin : gen_column
        logic signed [8:0]           activation_in, activation_out;
        logic                        swap_in, swap_out;
        logic signed [PSUM_BITS-1:0] psum_in, psum_out;

        if (c == 0) begin : gen_left_edge
          assign activation_in = activation;
          assign swap_in = swap;
        end else begin : gen_left
          assign activation_in = gen_row[r].gen_column[c-1].activation_out;
          assign swap_in = gen_row[r].gen_column[c-1].swap_out;
        end
        if (r == 0) begin : gen_upper_edge
          assign psum_in = '0;
        end else begin : gen_above
          assign psum_in = gen_row[r-1].gen_column[c].psum_out;
        end

        pe #(
          .PSUM_BITS(PSUM_BITS)
        ) u_pe (
          .clk_i,
          .rst_ni,
          .load_i(load && load_column == COLUMN_BITS'(c)),
          .weight_i(weight),
          .swap_i(swap_in),
          .activation_i(activation_in),
          .swap_o(swap_out),
          .activation_o(activation_out),
          .psum_i(psum_in),
          .psum_o(psum_out)
        );
      end

      // Column-sum lane: an element of weight 1.
      logic signed [PSUM_BITS-1:0] sum_in, sum_q;
      if (r == 0) begin : gen_sum_edge
        assign sum_in = '0;
      end else begin : gen_sum_above
        assign sum_in = gen_row[r-1].sum_q;
      end
      always_ff @(posedge clk_i) begin
        sum_q <= sum_in + PSUM_BITS'(gen_row[r].gen_column[COLUMNS-1].activation_out);
      end

      logic unused_swap;
      assign unused_swap = gen_row[r].gen_column[COLUMNS-1].swap_out;
    end

    for (genvar c = 0; c < COLUMNS; c++) begin : gen_align
      delay_line #(
        .STAGES(COLUMNS - c),
        .WIDTH(PSUM_BITS)
      ) u_align (
        .clk_i,
        .data_i(gen_row[ROWS-1].gen_column[c].psum_out),
        .data_o(sums_o[c*PSUM_BITS +: PSUM_BITS])
      );
    end
  endgenerate

  assign sums_o[COLUMNS*PSUM_BITS +: PSUM_BITS] = gen_row[ROWS-1].sum_q;

endmodule
