/**
 * Numbers for people. One chart or table uses one unit of time with a fixed number of decimals, so that
 * figures line up and can be added by eye. Times come in as picoseconds.
 */

export const MINUS = '\u2212';
export const DASH = '–';

export interface TimeUnit {
  readonly name: 'ps' | 'ns' | 'µs' | 'ms' | 's';
  /** Picoseconds in one unit. */
  readonly ps: number;
  /** Decimals that every figure in this unit is printed with. */
  readonly digits: number;
}

const UNITS = [
  ['s', 1e12],
  ['ms', 1e9],
  ['µs', 1e6],
  ['ns', 1e3],
  ['ps', 1],
] as const;

/** The unit in which `largest` picoseconds (its size, not its sign) reads as 1 to 999, where there is one. */
export function timeUnit(largest: number): TimeUnit {
  const size = Math.abs(largest);
  const [name, ps] = UNITS.find(([, scale]) => size >= scale) ?? (['ms', 1e9] as const);
  if (name === 'ps') return { name, ps, digits: 0 };
  const value = size / ps;
  return { name, ps, digits: value >= 100 ? 1 : value >= 10 ? 2 : 3 };
}

/** As `timeUnit`, with at least two decimals: tables hold small parts beside large totals. */
export function tableUnit(largest: number): TimeUnit {
  const unit = timeUnit(largest);
  return unit.name === 'ps' ? unit : { ...unit, digits: Math.max(2, unit.digits) };
}

/** Whole part in groups of three: `1,234,567.8`. */
export function grouped(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const marked = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? marked : `${marked}.${fraction}`;
}

/** A fixed-point number; what is not zero never prints as zero but as `<` the smallest figure. */
function fixed(value: number, digits: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? MINUS : '';
  const smallest = 10 ** -digits;
  if (size > 0 && size < smallest / 2) return `${sign}<${smallest.toFixed(digits)}`;
  return sign + grouped(size.toFixed(digits));
}

/** Time without its unit, for table cells and axis-aligned labels. */
export function timeFigure(ps: number, unit: TimeUnit): string {
  return ps === 0 ? '0' : fixed(ps / unit.ps, unit.digits);
}

/** Time with its unit, for sentences; `digits` as the unit says. */
export function time(ps: number, unit: TimeUnit = timeUnit(ps)): string {
  return ps === 0 ? '0 ms' : `${timeFigure(ps, unit)} ${unit.name}`;
}

/** `text` with a plus in front unless it is negative or zero. */
export function signed(value: number, text: string): string {
  return value > 0 ? `+${text}` : text;
}

/** `part` as a percentage of `whole`, or null where the base is 0. */
export function percentOf(part: number, whole: number): number | null {
  return whole === 0 ? null : (part / whole) * 100;
}

/** A percentage without its sign, one decimal; a dash for null. */
export function percentFigure(value: number | null): string {
  if (value === null) return DASH;
  return value === 0 ? '0' : fixed(value, 1);
}

/** A percentage with its sign: `31.2 %`. */
export function percent(value: number | null): string {
  return value === null ? DASH : `${percentFigure(value)} %`;
}

/** A ratio with two decimals, `1.31×`; a dash where the base is 0. */
export function ratioFigure(value: number, base: number): string {
  return base === 0 ? DASH : `${fixed(value / base, 2)}×`;
}

/** A count in groups of three. Counts that are no integers are a defect upstream; they are printed as is. */
export function count(value: number): string {
  return value < 0 ? MINUS + grouped(String(-value)) : grouped(String(value));
}

/** Bytes in kB or MB, decimal. */
export function byteSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/** A share from 0 to 1 in words where one fits within two points, else in percent. */
export function shareInWords(share: number): string {
  if (share === 1) return 'all';
  if (share >= 0.97) return 'nearly all';
  const near = (target: number): boolean => Math.abs(share - target) <= 0.02;
  if (near(3 / 4)) return 'about three quarters';
  if (near(2 / 3)) return 'about two thirds';
  if (near(1 / 2)) return 'about half';
  if (near(1 / 3)) return 'about a third';
  if (near(1 / 4)) return 'about a quarter';
  return percent(share * 100);
}

/** Round numbers from 0 (or below) to `high` that make about `target` ticks; exact multiples of a 1-2-5 step. */
export function ticks(low: number, high: number, target = 6): number[] {
  const span = high - low;
  if (!(span > 0)) return [0];
  const rough = span / target;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? rough;
  const result: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++)
    result.push(Number((k * step).toPrecision(12)) + 0);
  return result;
}
