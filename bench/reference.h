/*
 * What the C references have in common: tables, the TLB, the file of a stream, time. A reference names its counters
 * first (L1I …, TLB, TLB1, TLB2, …, COUNTERS); geometry is given at compile time (-D).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define PLANE (2 * L1_SETS)
#define UMASK (PLANE - 1)
#define PAGE_SHIFT (PAGE_LINE_BITS + 2)
#define LINE_MASK ((1 << PAGE_LINE_BITS) - 1)
#define IN_PAGE_MASK ((1 << PAGE_SHIFT) - 2)
#define L2_LINES (L2_SETS * L2_WAYS)
#define NOINLINE __attribute__((noinline))
#define LIKELY(x) __builtin_expect(!!(x), 1)

typedef int32_t i32;
typedef int16_t i16;
typedef uint32_t u32;
typedef uint16_t u16;
typedef uint8_t u8;

static u8 *usable[CPUS];
static i32 slots[CPUS][TLB_ENTRIES];
static i16 *slot_of[CPUS];
static u32 rng[CPUS];
static i32 *current, *block, *physical, *owners;
static u8 *homes;
static long counter[COUNTERS];
static i32 n_words, n_segments, n_ids, n_blocks, n_physical;
static i32 *words, *segment_end, *segment_cpu;

static inline void each_half(u8 *map, i32 entry, u8 value) {
  for (i32 b = entry << PAIRS; b <= ((entry + 1) << PAIRS) - 1; b++)
    if (current[b] >= 0) map[current[b]] = value;
}

static NOINLINE void tlb_miss(int cpu, u32 id, i32 word) {
  counter[TLB + (word & 2 ? 0 : 1 + (word & 1))]++;
  i32 entry = block[id] >> PAIRS;
  if (slot_of[cpu][entry] < 0) {
    rng[cpu] = rng[cpu] * 1664525u + 1013904223u;
    i32 slot = TLB_WIRED + (i32)(((uint64_t)(rng[cpu] >> 8) * (TLB_ENTRIES - TLB_WIRED)) >> 24);
    i32 old = slots[cpu][slot];
    if (old >= 0) {
      slot_of[cpu][old] = -1;
      each_half(usable[cpu], old, 0);
    }
    slots[cpu][slot] = entry;
    slot_of[cpu][entry] = (i16)slot;
    if (PAIRS) {
      i32 other = current[block[id] ^ 1];
      if (other >= 0) usable[cpu][other] = 1;
    }
  }
  i32 before = current[block[id]];
  if (before != (i32)id) {
    if (before >= 0)
      for (int c = 0; c < CPUS; c++) usable[c][before] = 0;
    current[block[id]] = (i32)id;
  }
  usable[cpu][id] = 1;
}

static long cpu_microseconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000L + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void *column(FILE *f, i32 n, int bytes) {
  void *data = malloc((long)bytes * n + 4);
  if (!data || fread(data, bytes, n, f) != (size_t)n) {
    fprintf(stderr, "short file\n");
    exit(1);
  }
  return data;
}

/* A stream: 5 lengths, then words, segment ends, segment CPUs, physical page and virtual block by id. */
static void read_stream(FILE *f) {
  i32 *lengths = column(f, 5, 4);
  n_words = lengths[0], n_segments = lengths[1], n_ids = lengths[2], n_blocks = lengths[3], n_physical = lengths[4];
  words = column(f, n_words, 4);
  segment_end = column(f, n_segments, 4);
  segment_cpu = column(f, n_segments, 4);
  physical = column(f, n_ids, 4);
  block = column(f, n_ids, 4);
}
