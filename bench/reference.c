/*
 * The C reference of the replay kernel: the same packed words, the same data layout and the same counts as
 * src/model/hardware/kernel.ts with tlb.ts, for a machine whose geometry is given at compile time (-D).
 * L1s with as many sets and one line size, an inclusive L2, a TLB with random replacement.
 *
 *     reference FILE          (FILE: see read_stream)
 *
 * Reads a line from standard input per pass and answers with the microseconds of CPU time of a replay of the
 * whole stream, and the pass's own counts. The first pass begins with everything empty, the others in the
 * state that the pass before left.
 */

#define PLANES (FETCH_WAYS > DATA_WAYS ? FETCH_WAYS : DATA_WAYS)
#define EMPTY INT32_MIN

enum { L1I, L1LOAD, L1STORE, L2FETCH, L2LOAD, L2STORE, REMOTE, REMOTE1, REMOTE2, L1WB, L2WB, TLB, TLB1, TLB2, COUNTERS };
#include "reference.h"

static i32 l1[CPUS][PLANES * PLANE];
static i32 l2[CPUS][L2_LINES];
static i32 *frames;

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
    memset(slot_of[cpu], 0xff, 2L * n_blocks);
    rng[cpu] = TLB_SEED + (u32)cpu * 0x9e3779b9u;
  }
  memset(current, 0xff, 4L * n_blocks);
  memset(frames, 0xff, 4L * n_ids);
  memset(owners, 0xff, 4L * n_physical);
  memset(homes, 255, n_physical);
}

int main(int argc, char **argv) {
  FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!f) return fprintf(stderr, "usage: reference FILE\n"), 2;
  read_stream(f);
  fclose(f);
  current = malloc(4L * n_blocks);
  frames = malloc(4L * n_ids);
  owners = malloc(4L * n_physical);
  homes = malloc(n_physical);
  for (int cpu = 0; cpu < CPUS; cpu++) {
    usable[cpu] = malloc(n_ids);
    slot_of[cpu] = malloc(2L * n_blocks);
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
