/*
 * The C reference of the replay kernel with `coherence: directory`: the same packed words and spans, the same data
 * layout, the same algorithm and the same counts as src/model/hardware/kernel.ts with directory.ts, sharing.ts,
 * machine-pages.ts and tlb.ts; and as the page policy `disco` and the moves of pages (reference-pages.h).
 * Geometry is given at compile time (-D); what is common with one CPU is described in reference.c.
 *
 *     reference-directory FILE          (FILE: see read_stream)
 *
 * Reads a line from standard input per pass and answers as reference.c does.
 */

#define MOST_WAYS (FETCH_WAYS > DATA_WAYS ? FETCH_WAYS : DATA_WAYS)
#define PLANES (MOST_WAYS > 2 ? MOST_WAYS : 2)
#define LINES_PER_PAGE ((1 << PAGE_LINE_BITS) >> L2_SHIFT)
#define WIDTH ((CPUS + 31) / 32)
#define VIEWS (POLICY ? NODES : 1)
#define NODE_OF(cpu) ((cpu) / (CPUS / NODES))
#define EMPTY (-1)
#define WATCHED INT32_MIN
#define NAME 0x7ffffffe

/* Low bits of an L2 tag. */
#define DIRTY 1
#define IN_L1D 2
#define IN_L1I 4
#define WRITABLE 8
#define L2_LINE (-16)

#define GRANULE_BITS 7
#define GRANULES (1 << GRANULE_BITS)

enum {
  L1I, L1LOAD, L1STORE, L2FETCH, L2LOAD, L2STORE, REMOTE, REMOTE1, REMOTE2, L1WB, L2WB, TLB, TLB1, TLB2,
  THREE_HOPS, THREE_HOPS1, THREE_HOPS2, NEIGHBOUR, NEIGHBOUR1, NEIGHBOUR2,
  COLD, CAPACITY, TRUE_SHARING, FALSE_SHARING, MOVED,
  UPGRADES, REMOTE_UPGRADES, INTERVENTIONS, INVALIDATIONS, STALE, SHARING_WB, HINTS,
  LOADS, STORES, COUNT, COUNTERS
};
#include "reference.h"

/* Who acts, and what was decided. */
enum { WORKLOAD, HOT_PAGE, MIGRATE, REPLICATE, COLLAPSE, SHOOTDOWN, LAYERS };
enum { HELD, WRITE_SHARED, FROZEN, PRIVATE, READ_SHARED, DECISIONS };

enum { F_LOCAL, F_LOCAL_CACHE, F_REMOTE_CLEAN, F_REMOTE_DIRTY, F_UPGRADE, F_WRITEBACK, F_HINT, F_INVALIDATION, FLOWS };

static i32 l1[CPUS][PLANES * PLANE];
static i32 l2[CPUS][L2_LINES];
static i32 *frames[VIEWS];
static long lost[CPUS];
static i32 flows[FLOWS][CPUS][NODES][NODES];
static u16 *spans;

/* The directory, by line: the owner + 1 below the slot + 1, then vectors, in one word if they fit: sharers, seen, moved. */
#define OWNER_BITS 8
#define OWNER ((1 << OWNER_BITS) - 1)
#define PACKED (CPUS <= 10)
#define ENTRY (PACKED ? 2 : WIDTH == 1 ? 4 : WIDTH == 2 ? 8 : 16)
#define SHARERS 1
#define SEEN (PACKED ? 1 : 1 + WIDTH)
#define MOVED_TO (PACKED ? 1 : 1 + 2 * WIDTH)
#define SEEN_BITS (PACKED ? 10 : 0)
#define MOVED_BITS (PACKED ? 20 : 0)
#define ALL (PACKED ? 0x3ff : -1)
static i32 *table;
/* Sharing: by slot who lost it when, and when each granule was stored to. */
static i32 *losers, *lost_at, *stored_at, *free_slots;
static i32 n_slots, room_slots, n_free, now;
#if POLICY
/* By node and page: its machine page + 1 (0: its own number's); translations of a page; its guard. */
static i32 *machine_of[NODES], *first_translation, *next_translation;
static u8 *listed, *guards;
static i32 guarded_pages;
#endif
static i32 hot_page = -1;

static inline i32 *view(int cpu) { return frames[POLICY ? NODE_OF(cpu) : 0]; }

static inline void flow(int kind, int cpu, int home, int other) { flows[kind][cpu][home][other]++; }

static inline i32 *entry_of(u32 line) { return table + line * ENTRY; }

static inline void set_owner(i32 *entry, int owner) { *entry = (*entry & ~OWNER) | owner; }

/* Sharing. */

static inline i32 slot_at(u32 line) { return (i32)((u32)*entry_of(line) >> OWNER_BITS) - 1; }

static inline void set_slot(u32 line, i32 slot) {
  i32 *entry = entry_of(line);
  *entry = (*entry & OWNER) | (i32)((u32)(slot + 1) << OWNER_BITS);
}

static NOINLINE i32 allocate(u32 line) {
  i32 slot = n_free ? free_slots[--n_free] : n_slots++;
  if (slot >= room_slots) {
    i32 before = room_slots;
    room_slots = room_slots ? 2 * room_slots : 64;
    losers = realloc(losers, 4L * room_slots);
    free_slots = realloc(free_slots, 4L * room_slots);
    lost_at = realloc(lost_at, 4L * room_slots * CPUS);
    stored_at = realloc(stored_at, 4L * room_slots * GRANULES);
    memset(losers + before, 0, 4L * (room_slots - before));
    memset(lost_at + (long)before * CPUS, 0, 4L * (room_slots - before) * CPUS);
    memset(stored_at + (long)before * GRANULES, 0, 4L * (room_slots - before) * GRANULES);
  }
  set_slot(line, slot);
  return slot;
}

static void lose(u32 line, int cpu) {
  i32 slot = slot_at(line);
  if (slot < 0) slot = allocate(line);
  i32 *at = &lost_at[(long)slot * CPUS + cpu];
  losers[slot] += *at == 0;
  *at = ++now;
}

/* A span is looked at where it lies, as it seldom matters. */
static int regain(u32 line, int cpu, const u16 *span_at) {
  i32 slot = slot_at(line);
  if (slot < 0) return CAPACITY;
  i32 *at = &lost_at[(long)slot * CPUS + cpu];
  i32 since = *at;
  if (since == 0) return CAPACITY;
  int how = FALSE_SHARING;
  u32 span = *span_at;
  i32 *stored = &stored_at[(long)slot * GRANULES];
  for (u32 g = span & (GRANULES - 1); g <= span >> GRANULE_BITS; g++)
    if (stored[g] >= since) {
      how = TRUE_SHARING;
      break;
    }
  *at = 0;
  if (--losers[slot] == 0) {
    set_slot(line, -1);
    free_slots[n_free++] = slot;
  }
  return how;
}

static inline i32 stored(u32 line, const u16 *span_at) {
  i32 slot = slot_at(line);
  if (slot < 0) return 0;
  u32 span = *span_at;
  i32 *at = &stored_at[(long)slot * GRANULES];
  for (u32 g = span & (GRANULES - 1); g <= span >> GRANULE_BITS; g++) at[g] = now;
  return WATCHED;
}

/* Caches. */

/* First miss of a translation: finds out whether its page is known by another. */
static NOINLINE i32 meet(int cpu, u32 id) {
  i32 page = physical[id];
#if POLICY
  if (!listed[id]) {
    listed[id] = 1;
    next_translation[id] = first_translation[page];
    first_translation[page] = (i32)id + 1;
  }
  i32 elsewhere = machine_of[NODE_OF(cpu)][page];
  if (elsewhere) page = elsewhere - 1;
#endif
  i32 owner = owners[page];
  if (owner < 0)
    owners[page] = (i32)id << 1;
  else if (owner >> 1 != (i32)id) {
    owners[page] = owner | 1;
    for (int v = 0; v < VIEWS; v++)
      if (frames[v][owner >> 1] >> 1 == page) frames[v][owner >> 1] = page << 1 | 1;
  }
  return view(cpu)[id] = page << 1 | (owners[page] & 1);
}

static inline u32 physical_line(int cpu, i32 word) {
  return ((u32)(view(cpu)[(u32)word >> PAGE_SHIFT] >> 1) << PAGE_LINE_BITS) | (((u32)word >> 2) & LINE_MASK);
}

static inline int is_alias(int cpu, i32 tag, i32 word, i32 page) {
  return tag != EMPTY && ((tag ^ word) & IN_PAGE_MASK) == 0 && view(cpu)[(tag & NAME) >> PAGE_SHIFT] >> 1 == page;
}

static inline i32 drop(int cpu, i32 word, int ways, i32 page) {
  i32 *tags = &l1[cpu][((u32)word >> 1) & UMASK];
  for (int way = 0; way < ways; way++) {
    i32 tag = tags[way * PLANE];
    /* By page, not by name: the name may have gone to another machine page, and the line with it. */
    if (page < 0 ? (tag & NAME) != word : !is_alias(cpu, tag, word, page)) continue;
    for (; way < ways - 1; way++) tags[way * PLANE] = tags[(way + 1) * PLANE];
    tags[(ways - 1) * PLANE] = EMPTY;
    return tag & 1;
  }
  return 0;
}

static inline i32 clean(int cpu, i32 word, int ways, i32 page) {
  i32 *tags = &l1[cpu][((u32)word >> 1) & UMASK];
  for (int way = 0; way < ways; way++) {
    i32 tag = tags[way * PLANE];
    if (page < 0 ? (tag & NAME) != word : !is_alias(cpu, tag, word, page)) continue;
    tags[way * PLANE] = tag & NAME;
    return tag & 1;
  }
  return 0;
}

static i32 recall(int cpu, i32 tag, int loses) {
  i32 dirty = 0;
  u32 first = (u32)tag >> 4 << L2_SHIFT;
  i32 owner = owners[first >> PAGE_LINE_BITS];
  i32 page = owner & 1 ? (i32)(first >> PAGE_LINE_BITS) : -1;
  i32 word = (i32)(((u32)(owner >> 1) << PAGE_LINE_BITS | (first & LINE_MASK)) << 2);
  for (int i = 0; i < 1 << L2_SHIFT; i++) {
    if (loses && tag & IN_L1I) drop(cpu, (word + 4 * i) | 2, FETCH_WAYS, page);
    if (tag & IN_L1D) dirty |= loses ? drop(cpu, word + 4 * i, DATA_WAYS, page) : clean(cpu, word + 4 * i, DATA_WAYS, page);
  }
  return dirty;
}

/* 0: it is not there; 1: clean; 2: modified. */
static int take(int cpu, u32 line, int loses) {
  i32 key = (i32)(line << 4);
  i32 *set = &l2[cpu][(line & (L2_SETS - 1)) * L2_WAYS];
  int way = 0;
  while (way < L2_WAYS && ((set[way] ^ key) & L2_LINE) != 0) way++;
  if (way == L2_WAYS) return 0;
  i32 tag = set[way];
  i32 dirty = tag & DIRTY;
  if (tag & (IN_L1D | IN_L1I)) dirty |= recall(cpu, tag, loses);
  if (loses) {
    for (; way < L2_WAYS - 1; way++) set[way] = set[way + 1];
    set[way] = EMPTY;
  } else
    set[way] = tag & ~(DIRTY | WRITABLE);
  return dirty ? 2 : 1;
}

/* The directory. */

static void invalidate_others(int cpu, u32 line, int home) {
  for (int w = 0; w < WIDTH; w++) {
    i32 *vector = entry_of(line) + SHARERS + w;
    u32 left = (u32)(*vector & ALL);
    if (w == cpu >> 5) left &= ~(1u << (cpu & 31));
    *vector &= (i32)~left;
    for (; left; left &= left - 1) {
      int victim = (w << 5) + __builtin_ctz(left);
      flow(F_INVALIDATION, cpu, home, NODE_OF(victim));
      if (!take(victim, line, 1)) {
        counter[STALE]++;
        continue;
      }
      counter[INVALIDATIONS]++;
      lost[victim]++;
      lose(line, victim);
    }
  }
}

static inline int has_others(int cpu, u32 line) {
  for (int w = 0; w < WIDTH; w++)
    if (entry_of(line)[SHARERS + w] & ALL & (w == cpu >> 5 ? ~(i32)(1u << (cpu & 31)) : -1)) return 1;
  return 0;
}

static i32 request(int cpu, u32 line, int kind, const u16 *span, int home) {
  i32 *entry = entry_of(line), *own = entry + (cpu >> 5);
  const i32 bit = (i32)(1u << (cpu & 31));
  if (!(own[SEEN] & bit << SEEN_BITS)) {
    own[SEEN] |= bit << SEEN_BITS;
    counter[COLD]++;
#if POLICY
  } else if (own[MOVED_TO] & bit << MOVED_BITS) {
    own[MOVED_TO] &= ~(bit << MOVED_BITS);
    counter[MOVED]++;
#endif
  } else
    counter[regain(line, cpu, span)]++;
  int owner = (*entry & OWNER) - 1;
  int had = 0;
  if (owner >= 0 && owner != cpu) {
    counter[INTERVENTIONS]++;
    had = take(owner, line, kind == 2);
    set_owner(entry, 0);
    if (!had)
      counter[STALE]++;
    else if (kind != 2 && had == 2)
      counter[SHARING_WB]++;
    if (!had || kind == 2) entry[SHARERS + (owner >> 5)] &= ~(i32)(1u << (owner & 31));
    if (had && kind == 2) {
      counter[INVALIDATIONS]++;
      lost[owner]++;
      lose(line, owner);
    }
  } else if (kind == 2)
    invalidate_others(cpu, line, home);
  int node = NODE_OF(cpu);
  if (had != 2) {
    if (home != node) counter[REMOTE + kind]++;
    flow(home == node ? F_LOCAL : F_REMOTE_CLEAN, cpu, home, home);
  } else {
    int other = NODE_OF(owner);
    counter[(other == node ? NEIGHBOUR : THREE_HOPS) + kind]++;
    flow(other == node ? F_LOCAL_CACHE : F_REMOTE_DIRTY, cpu, home, other);
  }
  int alone = !has_others(cpu, line);
  own[SHARERS] |= bit;
  if (kind != 2 && !alone) return 0;
  set_owner(entry, cpu + 1);
  return 1;
}

static void upgrade(int cpu, u32 line, int home) {
  counter[UPGRADES]++;
  if (home != NODE_OF(cpu)) counter[REMOTE_UPGRADES]++;
  flow(F_UPGRADE, cpu, home, home);
  invalidate_others(cpu, line, home);
  set_owner(entry_of(line), cpu + 1);
}

static inline void gone(int cpu, u32 line, i32 modified, int home) {
  if (!modified && !REPLACEMENT_HINTS) return;
  if (!modified) counter[HINTS]++;
  flow(modified ? F_WRITEBACK : F_HINT, cpu, home, home);
  i32 *entry = entry_of(line);
  entry[SHARERS + (cpu >> 5)] &= ~(i32)(1u << (cpu & 31));
  if ((*entry & OWNER) == cpu + 1) set_owner(entry, 0);
}

/* The policy's part: a miss is counted, and whether its page is hot (reference-pages.h). */
static inline void count_miss(int cpu, i32 page, int write);
static NOINLINE void lift_guard(int cpu, u32 id);

/* Misses. */

static inline int home_of(int cpu, u32 page) {
  if (homes[page] == 255) homes[page] = NODE_OF(cpu);
  return homes[page];
}

static NOINLINE void evict(int cpu, i32 victim) {
  i32 dirty = victim & DIRTY;
  if (victim & (IN_L1D | IN_L1I)) dirty |= recall(cpu, victim, 1);
  counter[L2WB] += dirty;
  u32 line = (u32)victim >> 4;
  gone(cpu, line, dirty, home_of(cpu, line << L2_SHIFT >> PAGE_LINE_BITS));
}

static inline i32 permitted(int cpu, i32 tag) {
  if (!(tag & WRITABLE)) {
    u32 page = (u32)tag >> 4 << L2_SHIFT >> PAGE_LINE_BITS;
    upgrade(cpu, (u32)tag >> 4, home_of(cpu, page));
    count_miss(cpu, page, 1);
  }
  return tag | WRITABLE;
}

static inline void access_l2(int cpu, u32 line, int kind, i32 bits, const u16 *span) {
  i32 key = (i32)(line >> L2_SHIFT << 4);
  i32 *set = &l2[cpu][((line >> L2_SHIFT) & (L2_SETS - 1)) * L2_WAYS];
  int way = 0;
  i32 tag = set[0];
  while (((tag ^ key) & L2_LINE) != 0 && ++way < L2_WAYS) tag = set[way];
  if (way == L2_WAYS) {
    u32 page = line >> PAGE_LINE_BITS;
    counter[L2FETCH + kind]++;
    /* Both are asked for soon. */
    __builtin_prefetch(entry_of(line >> L2_SHIFT));
    __builtin_prefetch(entry_of(tag == EMPTY ? 0 : (u32)tag >> 4));
    int home = home_of(cpu, page);
    count_miss(cpu, page, kind == 2);
    i32 granted = request(cpu, line >> L2_SHIFT, kind, span, home) << 3;
    way = L2_WAYS - 1;
    if (tag != EMPTY) evict(cpu, tag);
    tag = key | granted;
  } else if (kind == 2)
    tag = permitted(cpu, tag);
  for (int w = way; w > 0; w--) set[w] = set[w - 1];
  set[0] = tag | bits;
}

static inline i32 *l2_entry(int cpu, u32 line) {
  i32 key = (i32)(line >> L2_SHIFT << 4);
  i32 *entry = &l2[cpu][((line >> L2_SHIFT) & (L2_SETS - 1)) * L2_WAYS];
  while (((*entry ^ key) & L2_LINE) != 0) entry++;
  return entry;
}

/* A store to the line in front. */
static inline void store_to(int cpu, i32 *front, i32 word, const u16 *span) {
  u32 line = physical_line(cpu, word);
  if (!(*front & 1)) {
    i32 *entry = l2_entry(cpu, line);
    *entry = permitted(cpu, *entry);
  }
  *front = word | stored(line >> L2_SHIFT, span);
}

/* Everything but a plain hit. */
static NOINLINE void l1_slow(int cpu, i32 word, const u16 *span) {
  i32 *tags = &l1[cpu][((u32)word >> 1) & UMASK];
  const int ways = word & 2 ? FETCH_WAYS : DATA_WAYS;
  const i32 key = word & -2;
#if POLICY
  if (word & 1 && guarded_pages && guards[physical[(u32)word >> PAGE_SHIFT]]) lift_guard(cpu, (u32)word >> PAGE_SHIFT);
#endif
  for (int way = 0; way < ways; way++) {
    i32 tag = tags[way * PLANE];
    if ((tag & NAME) != key) continue;
    for (int w = way; w > 0; w--) tags[w * PLANE] = tags[(w - 1) * PLANE];
    tags[0] = tag;
    if (word & 1) store_to(cpu, tags, word, span);
    return;
  }
  i32 frame = view(cpu)[(u32)word >> PAGE_SHIFT];
  if (frame < 0) frame = meet(cpu, (u32)word >> PAGE_SHIFT);
  if (frame & 1) {
    for (int way = 0; way < ways; way++) {
      i32 tag = tags[way * PLANE];
      if (!is_alias(cpu, tag, word, frame >> 1)) continue;
      for (int w = way; w > 0; w--) tags[w * PLANE] = tags[(w - 1) * PLANE];
      tags[0] = key | (tag & ~NAME);
      if (word & 1) store_to(cpu, tags, word, span);
      return;
    }
  }
  int kind = word & 2 ? 0 : 1 + (word & 1);
  counter[L1I + kind]++;
  u32 line = (u32)(frame >> 1) << PAGE_LINE_BITS | (((u32)word >> 2) & LINE_MASK);
  access_l2(cpu, line, kind, IN_L1D + (word & 2), span);
  i32 victim = tags[(ways - 1) * PLANE];
  for (int w = ways - 1; w > 0; w--) tags[w * PLANE] = tags[(w - 1) * PLANE];
  tags[0] = kind == 2 ? word | stored(line >> L2_SHIFT, span) : word;
  if (victim != EMPTY && victim & 1) {
    counter[L1WB]++;
    *l2_entry(cpu, physical_line(cpu, victim & NAME)) |= DIRTY;
  }
}

static void *filled(long bytes, int value) {
  void *data = malloc(bytes + 4);
  if (!data) exit(1);
  return memset(data, value, bytes + 4);
}

#if POLICY
#include "reference-pages.h"
#else
static inline void count_miss(int cpu, i32 page, int write) { (void)cpu, (void)page, (void)write; }
static void take_hot(int cpu) { (void)cpu; }
static void advance(long now) { (void)now; }
#endif

static void replay(long before) {
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
      if (!LIKELY(((tags[((u32)r >> 1) & UMASK] ^ r) & (r | -2)) == 0)) {
        l1_slow(cpu, r, spans + p);
        if (POLICY && hot_page >= 0) take_hot(cpu);
      }
    }
    advance(before + p);
  }
}

/* `ids` and `pages`: room for translations and physical pages. */
static void reset(long ids, long pages) {
  for (int cpu = 0; cpu < CPUS; cpu++) {
    memset(l1[cpu], 0xff, sizeof l1[cpu]);
    memset(l2[cpu], 0xff, sizeof l2[cpu]);
    memset(slots[cpu], 0xff, sizeof slots[cpu]);
    usable[cpu] = filled(ids, 0);
    slot_of[cpu] = filled(2L * n_blocks, 0xff);
    rng[cpu] = TLB_SEED + (u32)cpu * 0x9e3779b9u;
  }
  for (int v = 0; v < VIEWS; v++) frames[v] = filled(4 * ids, 0xff);
  current = filled(4L * n_blocks, 0xff);
  owners = filled(4 * pages, 0xff);
  homes = filled(pages, 255);
  table = filled(4 * pages * LINES_PER_PAGE * ENTRY, 0);
#if POLICY
  for (int v = 0; v < NODES; v++) machine_of[v] = filled(4 * pages, 0);
  first_translation = filled(4 * pages, 0);
  next_translation = filled(4 * ids, 0);
  listed = filled(ids, 0);
  guards = filled(pages, 0);
  reset_pages(ids, pages);
#endif
}

static void print_row(const long *row) {
  for (int i = 0; i < COUNTERS; i++) printf(" %ld", row[i]);
}

int main(int argc, char **argv) {
  FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!f) return fprintf(stderr, "usage: reference-directory FILE\n"), 2;
  read_stream(f);
  /* Then spans of 16 bits. */
  spans = column(f, n_words, 2);
  fclose(f);
  char line[16];
  /* What moves needs room: copies, and translations by which they are made. */
  long extra = POLICY ? n_physical + 64 * COLOURS : 0;
  reset(n_ids + extra, n_physical + extra);
  for (long passes = 0; fgets(line, sizeof line, stdin); passes++) {
    memset(counter, 0, sizeof counter);
    memset(lost, 0, sizeof lost);
    memset(flows, 0, sizeof flows);
#if POLICY
    memset(by_layer, 0, sizeof by_layer);
    memset(decided, 0, sizeof decided);
#endif
    long before = cpu_microseconds();
    replay(passes * n_words);
    printf("%ld", cpu_microseconds() - before);
    print_row(counter);
    long sum = 0;
    for (int cpu = 0; cpu < CPUS; cpu++) sum += (cpu + 1) * lost[cpu];
    printf(" %ld", sum);
    sum = 0;
    for (long i = 0; i < (long)(sizeof flows / sizeof(i32)); i++) sum += (i + 1) * (&flows[0][0][0][0])[i];
    printf(" %ld", sum);
#if POLICY
    for (int layer = HOT_PAGE; layer < LAYERS; layer++) print_row(by_layer[layer]);
    for (int i = 0; i < DECISIONS; i++) printf(" %ld", decided[i]);
    printf(" %d", copies_in_use);
#endif
    printf("\n");
    fflush(stdout);
  }
  return 0;
}
