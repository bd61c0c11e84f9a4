/*
 * The plain C loops that text decoding is compared with: the whole file in memory, bytes by hand, addresses
 * and sizes summed up. No pages, no chunks.
 *
 *     text lackey|din FILE    then a line on standard input per pass
 *
 * Answers with microseconds of CPU time, fetches, loads and stores (a modify is both), and a checksum.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static long cpu_microseconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000L + u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static long fetches, loads, stores;
static uint64_t sum;

static inline const char *hex(const char *p, uint64_t *value) {
  uint64_t v = 0;
  for (;; p++) {
    unsigned c = (unsigned char)*p;
    unsigned digit = c - '0';
    if (digit > 9) {
      digit = (c | 32) - 'a' + 10;
      if (digit - 10 > 5) break;
    }
    v = v << 4 | digit;
  }
  *value = v;
  return p;
}

static void lackey(const char *p, const char *end) {
  while (p < end) {
    const char kind = p[0] == 'I' ? 'I' : p[1];
    if ((p[0] == 'I' || p[0] == ' ') && p[2] == ' ') {
      uint64_t address, size = 0;
      p = hex(p + 3, &address);
      for (p++; *p >= '0' && *p <= '9'; p++) size = size * 10 + (uint64_t)(*p - '0');
      sum += address + size;
      fetches += kind == 'I';
      loads += kind == 'L' || kind == 'M';
      stores += kind == 'S' || kind == 'M';
    }
    while (*p != '\n') p++;
    p++;
  }
}

static void din(const char *p, const char *end) {
  while (p < end) {
    const char label = p[0];
    uint64_t address;
    p = hex(p + 2, &address);
    sum += address;
    loads += label == '0';
    stores += label == '1';
    fetches += label == '2';
    while (*p != '\n') p++;
    p++;
  }
}

int main(int argc, char **argv) {
  FILE *f = argc == 3 ? fopen(argv[2], "rb") : NULL;
  if (!f) return fprintf(stderr, "usage: text lackey|din FILE\n"), 2;
  char line[16];
  while (fgets(line, sizeof line, stdin)) {
    fetches = loads = stores = 0;
    sum = 0;
    long before = cpu_microseconds();
    /* Reading is part of it, as it is of ours. */
    rewind(f);
    static char buffer[(1 << 20) + 4096];
    size_t kept = 0, got;
    while ((got = fread(buffer + kept, 1, 1 << 20, f)) > 0) {
      size_t have = kept + got, whole = have;
      while (whole > 0 && buffer[whole - 1] != '\n') whole--;
      (strcmp(argv[1], "din") ? lackey : din)(buffer, buffer + whole);
      kept = have - whole;
      memmove(buffer, buffer + whole, kept);
    }
    printf("%ld %ld %ld %ld %lu\n", cpu_microseconds() - before, fetches, loads, stores, (unsigned long)sum);
    fflush(stdout);
  }
  return 0;
}
