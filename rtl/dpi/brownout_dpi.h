/* SPDX-License-Identifier: Apache-2.0
 * Memories with failing cells, for simulators of hardware: C functions behind SystemVerilog's
 * DPI-C.
 *
 *   int memory = brownout_open("random:7", 0.84, 1024, 39);
 *   if (memory == 0) puts(brownout_last_error());
 *   uint32_t word[2] = {0x12345678, 0x5a};  // what is stored in word 10
 *   brownout_read(memory, 10, word);        // what its cells return
 *
 * The memory's content stays with the caller. Word a of `width` bits is the cells offset + a·width
 * … offset + (a + 1)·width - 1 of the chip, lowest bit first: the same cells as those of code a in
 * `corrupt` of the C++ library and in `chip.corrupt` of the Python module.
 *
 * No function ends the process or throws. Several threads may use memories at the same time, but
 * not one memory. The last error belongs to the thread.
 */
#ifndef BROWNOUT_DPI_H
#define BROWNOUT_DPI_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Opens a memory of `depth` words of `width` bits on a chip: "random:7", "physical:7",
 * "FILE.h5,offset=N" (docs/chips.md). `voltage` is its supply in units of Vmin; 0 stands for the
 * highest voltage that the technology has, which suits a caller whose supply has no value yet.
 * Returns a handle above 0. Returns 0 when the chip does not exist, when the technology has no data
 * at this voltage, or when the chip has no room for the memory. */
int brownout_open(const char* chip, double voltage, long long depth, int width);

/* The same, with the settings that brownout_open has defaults for:
 * - offset: cell of the chip that holds bit 0 of word 0 (0). Memories of one chip lie at different
 *   offsets.
 * - technology: its name or file; "": the usual one.
 * - memory: 0 weights, 1 activations, 2 accumulators, 3 input pixels (0). Each has cells of its
 * own.
 * - seed, fresh: how cells draw that read wrong with a probability. With fresh = 0 a cell draws
 *   once; otherwise it draws at every read. (0, 0) */
int brownout_open_at(const char* chip, double voltage, long long depth, int width, long long offset,
                     const char* technology, int memory, long long seed, int fresh);

/* Returns 0. Any other number: there is no such memory, or it was closed before. */
int brownout_close(int handle);

/* Closes all memories: for a process that runs one simulation after the other. */
void brownout_close_all(void);

/* From now on the cells are those of this supply voltage. Counts stay. Returns 0. Any other number:
 * the technology has no data at this voltage, which leaves the memory as it was, or there is no
 * such memory. */
int brownout_set_voltage(int handle, double voltage);

/* Reads a word: `data` holds what is stored, lowest bit first, 32 bits to an element, and gets what
 * the cells return. brownout_read is for words of up to 64 bits, brownout_read_256 for words of up
 * to 256, and so on; only the elements that the width needs are used. Returns 0. Any other number:
 * the address is outside the memory, the words are wider than that, or there is no such memory.
 * `data` is then unchanged. */
int brownout_read(int handle, long long address, uint32_t* data);
int brownout_read_256(int handle, long long address, uint32_t* data);
int brownout_read_1024(int handle, long long address, uint32_t* data);
int brownout_read_4096(int handle, long long address, uint32_t* data);
int brownout_read_65536(int handle, long long address, uint32_t* data);

/* Counts since the memory was opened: words that were read, words and bits that read wrong, faulty
 * cells among those that were read. -1: there is no such memory. */
long long brownout_reads(int handle);
long long brownout_words_wrong(int handle);
long long brownout_bits_wrong(int handle);
long long brownout_cells_hit(int handle);

/* Why the last call that failed in this thread did; "": none has. Valid until the next one. */
const char* brownout_last_error(void);
/* Of the library: "0.1.0". */
const char* brownout_version(void);

#ifdef __cplusplus
}
#endif
#endif
