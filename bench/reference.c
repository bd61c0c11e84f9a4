/*
 * The C reference of the replay kernel: the same packed words, the same data layout and the same counts as
 * src/model/hardware/kernel.ts with tlb.ts, for a machine whose geometry is given at compile time (-D).
 * L1s with as many sets and one line size, an inclusive L2, a TLB with random replacement.
 *
 *     reference FILE          (FILE: 32-bit words, see main)
 *
 * Reads a line from standard input per pass and answers with the microseconds of CPU time of a replay of the
 * whole stream, and the pass's own counts. The first pass begins with everything empty, the others in the
 * state that the pass before left.
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
#define PLANES (FETCH_WAYS > DATA_WAYS ? FETCH_WAYS : DATA_WAYS)
#define L2_LINES (L2_SETS * L2_WAYS)
#define EMPTY INT32_MIN
#define NOINLINE __attribute__((noinline))
#define LIKELY(x) __builtin_expect(!!(x), 1)

typedef int32_t i32;
typedef uint32_t u32;
typedef uint8_t u8;

enum { L1I, L1LOAD, L1STORE, L2FETCH, L2LOAD, L2STORE, REMOTE, REMOTE1, REMOTE2, L1WB, L2WB, TLB, TLB1, TLB2, COUNTERS };

static i32 l1[CPUS][PLANES * PLANE];
static i32 l2[CPUS][L2_LINES];
static u8 *usable[CPUS];
static i32 slots[CPUS][TLB_ENTRIES];
static i32 *slot_of[CPUS];
static u32 rng[CPUS];
static i32 *current, *block, *physical, *frames, *owners;
static u8 *homes;
static long counter[COUNTERS];
static i32 n_words, n_segments, n_ids, n_blocks, n_physical;
static i32 *words, *segment_end, *segment_cpu;

/* First miss of a translation: finds out whether its physical page is known by another. */
static NOINLINE i32 meet(u32 id) {
  i32 page = physical[id];
  i32 owner = owners[page];
  i32 shared = owner >= 0;
  if (shared) {
    owners[page] = owner | 1;
    frames[owner >> 1] = page << 1 | 1;
  } else
    owners[page] = (i32)id << 1;
  return frames[id] = page << 1 | shared;
}

static inline u32 physical_line(i32 word) {
  return ((u32)(frames[(u32)word >> PAGE_SHIFT] >> 1) << PAGE_LINE_BITS) | (((u32)word >> 2) & LINE_MASK);
}

static inline int is_alias(i32 tag, i32 word, i32 page) {
  return tag >= 0 && ((tag ^ word) & IN_PAGE_MASK) == 0 && frames[(u32)tag >> PAGE_SHIFT] >> 1 == page;
}

static inline i32 drop(i32 *tags, i32 word, int ways, i32 page) {
  tags += ((u32)word >> 1) & UMASK;
  for (int way = 0; way < ways; way++) {
    i32 tag = tags[way * PLANE];
    if ((tag & -2) != word && (page < 0 || !is_alias(tag, word, page))) continue;
    for (; way < ways - 1; way++) tags[way * PLANE] = tags[(way + 1) * PLANE];
    tags[(ways - 1) * PLANE] = EMPTY;
    return tag & 1;
  }
  return 0;
}

static void evict(int cpu, i32 victim) {
  i32 dirty = victim & 1;
  if (victim & 6) {
    u32 first = (u32)victim >> 3 << L2_SHIFT;
    i32 owner = owners[first >> PAGE_LINE_BITS];
    i32 page = owner & 1 ? (i32)(first >> PAGE_LINE_BITS) : -1;
    i32 word = (i32)(((u32)(owner >> 1) << PAGE_LINE_BITS | (first & LINE_MASK)) << 2);
    for (int i = 0; i < 1 << L2_SHIFT; i++) {
      if (victim & 4) drop(l1[cpu], (word + 4 * i) | 2, FETCH_WAYS, page);
      if (victim & 2) dirty |= drop(l1[cpu], word + 4 * i, DATA_WAYS, page);
    }
  }
  counter[L2WB] += dirty;
}

static inline void memory(int cpu, u32 line, int kind) {
  counter[L2FETCH + kind]++;
#if NODES > 1
  u32 page = line >> PAGE_LINE_BITS;
  int node = cpu / (CPUS / NODES);
  if (homes[page] == 255) homes[page] = node;
  if (homes[page] != node) counter[REMOTE + kind]++;
#else
  (void)cpu;
  (void)line;
#endif
}

static inline void access_l2(int cpu, u32 line, int kind, i32 bits) {
  i32 key = (i32)(line >> L2_SHIFT << 3);
  i32 *set = &l2[cpu][((line >> L2_SHIFT) & (L2_SETS - 1)) * L2_WAYS];
  int way = 0;
  i32 tag = set[0];
  while (((tag ^ key) & -8) != 0 && ++way < L2_WAYS) tag = set[way];
  if (way == L2_WAYS) {
    memory(cpu, line, kind);
    way = L2_WAYS - 1;
    if (tag != -1) evict(cpu, tag);
    tag = key;
  }
  for (int w = way; w > 0; w--) set[w] = set[w - 1];
  set[0] = tag | bits;
}

/* Later ways, clean lines written, misses. */
static NOINLINE void l1_slow(int cpu, i32 word) {
  i32 *tags = &l1[cpu][((u32)word >> 1) & UMASK];
  const int ways = word & 2 ? FETCH_WAYS : DATA_WAYS;
  i32 key = word & -2;
  for (int way = 0; way < ways; way++) {
    i32 tag = tags[way * PLANE];
    if ((tag & -2) != key) continue;
    for (int w = way; w > 0; w--) tags[w * PLANE] = tags[(w - 1) * PLANE];
    tags[0] = tag | (word & 1);
    return;
  }
  i32 frame = frames[(u32)word >> PAGE_SHIFT];
  if (frame < 0) frame = meet((u32)word >> PAGE_SHIFT);
  if (frame & 1) {
    for (int way = 0; way < ways; way++) {
      i32 tag = tags[way * PLANE];
      if (!is_alias(tag, word, frame >> 1)) continue;
      for (int w = way; w > 0; w--) tags[w * PLANE] = tags[(w - 1) * PLANE];
      tags[0] = key | ((tag | word) & 1);
      return;
    }
  }
  int kind = word & 2 ? 0 : 1 + (word & 1);
  counter[L1I + kind]++;
  access_l2(cpu, (u32)(frame >> 1) << PAGE_LINE_BITS | (((u32)word >> 2) & LINE_MASK), kind, 2 + (word & 2));
  i32 victim = tags[(ways - 1) * PLANE];
  for (int w = ways - 1; w > 0; w--) tags[w * PLANE] = tags[(w - 1) * PLANE];
  tags[0] = word;
  if (victim >= 0 && (victim & 1)) {
    counter[L1WB]++;
    u32 line = physical_line(victim);
    i32 mark = (i32)(line >> L2_SHIFT << 3);
    i32 *entry = &l2[cpu][((line >> L2_SHIFT) & (L2_SETS - 1)) * L2_WAYS];
    while (((*entry ^ mark) & -8) != 0) entry++;
    *entry |= 1;
  }
}

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
    slot_of[cpu][entry] = slot;
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

static void replay(void) {
  i32 p = 0;
  for (i32 s = 0; s < n_segments; s++) {
    const int cpu = segment_cpu[s];
    const i32 end = segment_end[s];
    const i32 *tags = l1[cpu];
    const u8 *map = usable[cpu];
    for (; p < end; p++) {
      const i32 r = words[p];
      const u32 id = (u32)r >> PAGE_SHIFT;
      if (!LIKELY(map[id])) tlb_miss(cpu, id, r);
      if (!LIKELY(((tags[((u32)r >> 1) & UMASK] ^ r) & (r | -2)) == 0)) l1_slow(cpu, r);
    }
  }
}

static void reset(void) {
  for (int cpu = 0; cpu < CPUS; cpu++) {
    for (int i = 0; i < PLANES * PLANE; i++) l1[cpu][i] = EMPTY;
    memset(l2[cpu], 0xff, sizeof l2[cpu]);
    memset(usable[cpu], 0, n_ids);
    memset(slots[cpu], 0xff, sizeof slots[cpu]);
    memset(slot_of[cpu], 0xff, 4L * n_blocks);
    rng[cpu] = TLB_SEED + (u32)cpu * 0x9e3779b9u;
  }
  memset(current, 0xff, 4L * n_blocks);
  memset(frames, 0xff, 4L * n_ids);
  memset(owners, 0xff, 4L * n_physical);
  memset(homes, 255, n_physical);
}

static long cpu_microseconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000L + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static i32 *column(FILE *f, i32 n) {
  i32 *data = malloc(4L * n + 4);
  if (!data || fread(data, 4, n, f) != (size_t)n) {
    fprintf(stderr, "reference: short file\n");
    exit(1);
  }
  return data;
}

int main(int argc, char **argv) {
  FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!f) return fprintf(stderr, "usage: reference FILE\n"), 2;
  /* 5 lengths, then: words, segment ends, segment CPUs, physical page and virtual block by id. */
  i32 *lengths = column(f, 5);
  n_words = lengths[0], n_segments = lengths[1], n_ids = lengths[2], n_blocks = lengths[3], n_physical = lengths[4];
  words = column(f, n_words);
  segment_end = column(f, n_segments);
  segment_cpu = column(f, n_segments);
  physical = column(f, n_ids);
  block = column(f, n_ids);
  fclose(f);
  current = malloc(4L * n_blocks);
  frames = malloc(4L * n_ids);
  owners = malloc(4L * n_physical);
  homes = malloc(n_physical);
  for (int cpu = 0; cpu < CPUS; cpu++) {
    usable[cpu] = malloc(n_ids);
    slot_of[cpu] = malloc(4L * n_blocks);
  }
  char line[16];
  reset();
  while (fgets(line, sizeof line, stdin)) {
    memset(counter, 0, sizeof counter);
    long before = cpu_microseconds();
    replay();
    printf("%ld", cpu_microseconds() - before);
    for (int i = 0; i < COUNTERS; i++) printf(" %ld", counter[i]);
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
