/*
 * Pages that move, for reference-directory.c: the counters and decisions of the policy `disco`
 * (src/model/paging/policies/disco.ts, counters.ts), and what carries them out (moves.ts, mechanics.ts, frames.ts,
 * hardware/machine-pages.ts), as an operating system does that knows which TLBs hold a page. Included once.
 */

/* The policy's counters, by page its slot. */
static i32 *policy_slot, *epoch_of, *writes, *moves, *collapses;
static u16 *misses;
static i32 n_policy, epoch;
static long next_reset = RESET_WORDS;

/* Machine pages: the page whose contents one holds + 1, its translation + 1 (0: a page's own); free ones. */
static i32 *holds, *alias_of, *direct_of, *next_free, free_first[COLOURS][NODES];
static u8 *fates;
static i32 next_id[COLOURS], next_page[COLOURS], copies_in_use;
static long room_ids, room_pages;

static int acting;
static long by_layer[LAYERS][COUNTERS], decided[DECISIONS];

static void reset_pages(long ids, long pages) {
  room_ids = ids, room_pages = pages;
  policy_slot = filled(4L * n_physical, 0xff);
  epoch_of = filled(4L * n_physical, 0);
  writes = filled(4L * n_physical, 0);
  moves = filled(4L * n_physical, 0);
  collapses = filled(4L * n_physical, 0);
  misses = filled(2L * n_physical * CPUS, 0);
  fates = filled(n_physical, 0);
  holds = filled(4 * pages, 0);
  alias_of = filled(4 * pages, 0);
  direct_of = filled(4L * n_physical, 0);
  next_free = filled(4 * pages, 0);
  physical = realloc(physical, 4 * ids);
  block = realloc(block, 4 * ids);
  for (int colour = 0; colour < COLOURS; colour++) {
    next_id[colour] = (n_ids + COLOURS - 1) / COLOURS * COLOURS + colour;
    next_page[colour] = (n_physical + COLOURS - 1) / COLOURS * COLOURS + colour;
  }
}

/* Counting. */

static NOINLINE i32 counters_of(i32 page) {
  i32 slot = policy_slot[page];
  if (slot < 0) {
    slot = policy_slot[page] = n_policy++;
    epoch_of[slot] = epoch;
  } else if (epoch_of[slot] != epoch) {
    epoch_of[slot] = epoch;
    writes[slot] = moves[slot] = collapses[slot] = 0;
    memset(misses + (long)slot * CPUS, 0, 2 * CPUS);
  }
  return slot;
}

static inline i32 machine_page(i32 page, int node) {
  i32 elsewhere = machine_of[node][page];
  return elsewhere ? elsewhere - 1 : page;
}

static inline int node_holds(i32 page, int node) { return homes[machine_page(page, node)] == node; }

static inline void count_miss(int cpu, i32 machine, int write) {
  if (acting) return;
  i32 held = holds[machine];
  i32 page = held ? held - 1 : machine;
  i32 slot = policy_slot[page];
  if (slot < 0 || epoch_of[slot] != epoch) slot = counters_of(page);
  writes[slot] += write;
  u16 *at = &misses[(long)slot * CPUS + cpu];
  if (*at < 0xffff) ++*at;
  if (*at >= TRIGGER && !node_holds(page, NODE_OF(cpu))) hot_page = machine;
}

static inline void restart(i32 page) { memset(misses + (long)counters_of(page) * CPUS, 0, 2 * CPUS); }

static void advance(long now) {
  if (now < next_reset) return;
  epoch++;
  next_reset = (now / RESET_WORDS + 1) * RESET_WORDS;
}

static int replicated(i32 page) {
  for (int node = 1; node < NODES; node++)
    if (machine_page(page, node) != machine_page(page, 0)) return 1;
  return 0;
}

static int decide(int cpu, i32 page) {
  i32 slot = counters_of(page);
  int node = NODE_OF(cpu);
  if (node_holds(page, node)) return HELD;
  long most = 0;
  for (int other = 0; other < NODES; other++) {
    long sum = 0;
    for (int i = 0; i < CPUS / NODES; i++) sum += misses[(long)slot * CPUS + other * (CPUS / NODES) + i];
    if (other != node && sum > most) most = sum;
  }
  if (!replicated(page) && most < SHARING) return moves[slot] >= MIGRATIONS ? FROZEN : PRIVATE;
  if (writes[slot] > WRITE) return WRITE_SHARED;
  return collapses[slot] > 0 && collapses[slot] >= MIGRATIONS ? FROZEN : READ_SHARED;
}

/* Layers: what is counted until `leave` is `layer`'s. */

typedef struct {
  long before[COUNTERS];
  int acting;
} outer_t;

static void enter(int layer, outer_t *outer) {
  memcpy(outer->before, counter, sizeof counter);
  outer->acting = acting;
  acting = 1;
  by_layer[layer][COUNT]++;
}

static void leave(int layer, const outer_t *outer) {
  for (int i = 0; i < COUNTERS; i++) by_layer[layer][i] += counter[i] - outer->before[i];
  memcpy(counter, outer->before, sizeof counter);
  acting = outer->acting;
}

/* Mechanics. */

static i32 add_translation(i32 page, int colour) {
  i32 id = next_id[colour];
  next_id[colour] += COLOURS;
  if (id >= room_ids) exit(1);
  physical[id] = page;
  block[id] = -1; /* no TLB translates it */
  for (int cpu = 0; cpu < CPUS; cpu++) usable[cpu][id] = 1;
  return id;
}

static i32 direct(i32 page) {
  if (!direct_of[page]) direct_of[page] = add_translation(page, page % COLOURS) + 1;
  return direct_of[page] - 1;
}

static i32 allocate_page(i32 page, int node) {
  int colour = page % COLOURS;
  i32 machine = free_first[colour][node] - 1;
  if (machine >= 0)
    free_first[colour][node] = next_free[machine];
  else {
    machine = next_page[colour];
    next_page[colour] += COLOURS;
    if (machine >= room_pages) exit(1);
    alias_of[machine] = add_translation(machine, colour) + 1;
  }
  holds[machine] = page + 1;
  homes[machine] = (u8)node;
  copies_in_use++;
  return machine;
}

static void free_slot(u32 line) {
  i32 slot = slot_at(line);
  if (slot < 0) return;
  memset(lost_at + (long)slot * CPUS, 0, 4 * CPUS);
  set_slot(line, -1);
  losers[slot] = 0;
  free_slots[n_free++] = slot;
}

static void release(i32 page, i32 machine) {
  int node = homes[machine];
  for (u32 line = (u32)machine * LINES_PER_PAGE; line < (u32)(machine + 1) * LINES_PER_PAGE; line++) {
    free_slot(line);
    memset(entry_of(line), 0, 4 * ENTRY);
  }
  for (i32 id = first_translation[machine]; id; id = next_translation[id - 1])
    for (int v = 0; v < VIEWS; v++)
      if (frames[v][id - 1] >> 1 == machine) frames[v][id - 1] = -1;
  owners[machine] = -1;
  homes[machine] = 255;
  holds[machine] = 0;
  if (!alias_of[machine]) return;
  copies_in_use--;
  next_free[machine] = free_first[page % COLOURS][node];
  free_first[page % COLOURS][node] = machine + 1;
}

static void shoot_down(int cpu, i32 page) {
  u8 victims[CPUS] = {0};
  for (i32 id = first_translation[page]; id; id = next_translation[id - 1]) {
    if (block[id - 1] < 0) continue;
    i32 entry = block[id - 1] >> PAIRS;
    for (int c = 0; c < CPUS; c++) {
      i32 slot = slot_of[c][entry];
      if (slot < 0) continue;
      slot_of[c][entry] = -1;
      slots[c][slot] = -1;
      each_half(usable[c], entry, 0);
      victims[c] = 1;
    }
  }
  for (int c = 0; c < CPUS; c++)
    if (c != cpu) by_layer[SHOOTDOWN][COUNT] += victims[c];
}

/* One injected reference, to all granules of its L1 line. */
static void touch(int cpu, i32 id, u32 line, int store) {
  i32 word = (i32)(((u32)id << PAGE_LINE_BITS | line) << 2) | store;
  u32 first = (line & ((1 << L2_SHIFT) - 1)) << LINE_GRANULE_BITS;
  u16 span = (u16)(first | (first + (1 << LINE_GRANULE_BITS) - 1) << GRANULE_BITS);
  counter[LOADS + store]++;
  if (((l1[cpu][((u32)word >> 1) & UMASK] ^ word) & (word | -2)) != 0)
    l1_slow(cpu, word, &span);
}

static i32 copy(int cpu, i32 page) {
  i32 source = direct(page);
  i32 machine = allocate_page(page, NODE_OF(cpu));
  for (u32 line = 0; line <= LINE_MASK; line++) {
    touch(cpu, source, line, 0);
    touch(cpu, alias_of[machine] - 1, line, 1);
  }
  return machine;
}

/* Stores to a line must be told from now on: to what is dirty in an L1 as well. */
static void watch(u32 line) {
  u32 first = line << L2_SHIFT;
  i32 page = (i32)(first >> PAGE_LINE_BITS);
  u32 owner = (u32)owners[page] >> 1;
  for (int c = 0; c < CPUS; c++) {
    if (!(entry_of(line)[SHARERS + (c >> 5)] & (i32)(1u << (c & 31)))) continue;
    for (u32 part = first; part < first + (1 << L2_SHIFT); part++) {
      i32 word = (i32)((owner << PAGE_LINE_BITS | (part & LINE_MASK)) << 2);
      i32 *tags = &l1[c][((u32)word >> 1) & UMASK];
      for (int way = 0; way < DATA_WAYS; way++)
        if (tags[way * PLANE] & 1 && is_alias(c, tags[way * PLANE], word, page)) tags[way * PLANE] |= WATCHED;
    }
  }
}

static int cached(int cpu, u32 line) {
  i32 key = (i32)(line << 4), *set = &l2[cpu][(line & (L2_SETS - 1)) * L2_WAYS];
  for (int way = 0; way < L2_WAYS; way++)
    if (((set[way] ^ key) & L2_LINE) == 0) return 1;
  return 0;
}

/* A CPU's losses of a line go on under another. */
static void divert_loss(u32 from, u32 to, int cpu) {
  i32 slot = slot_at(from);
  if (slot < 0 || !lost_at[(long)slot * CPUS + cpu]) return;
  i32 target = slot_at(to);
  if (target < 0) {
    target = allocate(to);
    memset(stored_at + (long)target * GRANULES, 0, 4 * GRANULES);
  }
  i32 *at = &lost_at[(long)slot * CPUS + cpu], *there = &lost_at[(long)target * CPUS + cpu];
  losers[target] += *there == 0;
  *there = *at;
  for (int g = 0; g < GRANULES; g++) {
    i32 here = stored_at[(long)slot * GRANULES + g], *known = &stored_at[(long)target * GRANULES + g];
    if (here > *known) *known = here;
  }
  *at = 0;
  if (--losers[slot] == 0) {
    set_slot(from, -1);
    free_slots[n_free++] = slot;
  }
}

/* CPUs first … last − 1 use `to` in place of `from`. */
static void divert(u32 from, u32 to, int first, int last) {
  for (int w = first >> 5; w <= (last - 1) >> 5; w++) {
    u32 low = w == first >> 5 ? ~0u << (first & 31) : ~0u;
    u32 high = w == (last - 1) >> 5 ? ~0u >> (31 - ((last - 1) & 31)) : ~0u;
    i32 mask = (i32)(low & high) & ALL;
    i32 *here = entry_of(from) + w, *there = entry_of(to) + w;
    i32 gone = 0;
    for (u32 left = (u32)(here[SHARERS] & mask); left; left &= left - 1) {
      int cpu = (w << 5) + __builtin_ctz(left);
      if (take(cpu, from, 1) && !cached(cpu, to)) gone |= (i32)(1u << (cpu & 31));
    }
    there[SEEN] |= here[SEEN] & mask << SEEN_BITS;
    there[MOVED_TO] |= (here[MOVED_TO] & mask << MOVED_BITS) | gone << MOVED_BITS;
    here[SHARERS] &= ~mask;
    here[SEEN] &= ~(mask << SEEN_BITS);
    here[MOVED_TO] &= ~(mask << MOVED_BITS);
  }
  int owner = (*entry_of(from) & OWNER) - 1;
  if (owner >= first && owner < last) set_owner(entry_of(from), 0);
  if (slot_at(from) >= 0)
    for (int cpu = first; cpu < last; cpu++) divert_loss(from, to, cpu);
}

/* CPUs of a node (−1: all) use the machine page `to` for a page, in place of `from`. */
static void remap(i32 page, int node, i32 from, i32 to) {
  if (owners[from] >= 0) owners[from] |= 1;
  int first = node < 0 ? 0 : node * (CPUS / NODES), last = node < 0 ? CPUS : first + CPUS / NODES;
  for (u32 i = 0; i < LINES_PER_PAGE; i++) {
    u32 next = (u32)to * LINES_PER_PAGE + i;
    divert((u32)from * LINES_PER_PAGE + i, next, first, last);
    if (slot_at(next) >= 0) watch(next);
  }
  for (int v = 0; v < VIEWS; v++) {
    if (node >= 0 && v != node) continue;
    machine_of[v][page] = to + 1;
    for (i32 id = first_translation[page]; id; id = next_translation[id - 1]) frames[v][id - 1] = -1;
  }
}

static void guard(i32 page, int on) {
  guarded_pages += on - guards[page];
  guards[page] = (u8)on;
  if (!on) return;
  for (int node = 0; node < NODES; node++) {
    i32 machine = machine_page(page, node);
    if (node > 0 && machine == machine_page(page, node - 1)) continue;
    for (u32 line = (u32)machine * LINES_PER_PAGE; line < (u32)(machine + 1) * LINES_PER_PAGE; line++) {
      for (int c = 0; c < CPUS; c++)
        if (entry_of(line)[SHARERS + (c >> 5)] & (i32)(1u << (c & 31))) take(c, line, 0);
      set_owner(entry_of(line), 0);
    }
  }
}

/* Moves. */

static void migrate(int cpu, i32 page) {
  outer_t outer;
  enter(MIGRATE, &outer);
  i32 from = machine_page(page, NODE_OF(cpu));
  shoot_down(cpu, page);
  i32 to = copy(cpu, page);
  remap(page, -1, from, to);
  if (guards[page]) guard(page, 1);
  release(page, from);
  moves[counters_of(page)]++;
  restart(page);
  fates[page] |= 2;
  leave(MIGRATE, &outer);
}

static void replicate(int cpu, i32 page) {
  outer_t outer;
  enter(REPLICATE, &outer);
  i32 from = machine_page(page, NODE_OF(cpu));
  shoot_down(cpu, page);
  guard(page, 1);
  i32 to = copy(cpu, page);
  remap(page, NODE_OF(cpu), from, to);
  guard(page, 1);
  restart(page);
  fates[page] |= 4;
  leave(REPLICATE, &outer);
}

static void collapse(int cpu, i32 page) {
  outer_t outer;
  enter(COLLAPSE, &outer);
  i32 kept = machine_page(page, NODE_OF(cpu));
  shoot_down(cpu, page);
  for (int node = 0; node < NODES; node++) {
    i32 other = machine_page(page, node);
    if (other == kept) continue;
    for (int also = node; also < NODES; also++)
      if (machine_page(page, also) == other) remap(page, also, other, kept);
    release(page, other);
  }
  guard(page, 0);
  collapses[counters_of(page)]++;
  restart(page);
  leave(COLLAPSE, &outer);
}

/* A store to a guarded page comes next. */
static NOINLINE void lift_guard(int cpu, u32 id) {
  i32 page = physical[id];
  if (replicated(page))
    collapse(cpu, page);
  else
    guard(page, 0);
}

/* A hot page: what to do with it, and that is done. */
static NOINLINE void take_hot(int cpu) {
  i32 page = holds[hot_page] ? holds[hot_page] - 1 : hot_page;
  outer_t outer;
  hot_page = -1;
  enter(HOT_PAGE, &outer);
  int decision = decide(cpu, page);
  restart(page);
  leave(HOT_PAGE, &outer);
  decided[decision]++;
  if (decision == PRIVATE)
    migrate(cpu, page);
  else if (decision == READ_SHARED)
    replicate(cpu, page);
  else
    fates[page] |= 1;
}
