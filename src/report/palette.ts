import { CAUSES, type Cause } from '../model/pricing/breakdown.ts';
import { CAUSE_WORDS } from './words.ts';

/**
 * One colour per cause, the same in every chart, table and legend. Hues follow Okabe and Ito and tell the
 * family: blue execution, orange memory stalls (amber for instructions, orange for data, darker or deeper
 * with distance; red what others' traffic adds), green the guest's own handling, purple the monitor and the
 * management of memory and CPUs. Within a family the tones differ in lightness, and order and labels are the
 * second cue. Each is at least 3:1 against the page in its scheme (a test computes it).
 */
export interface Scheme {
  readonly background: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly grid: string;
  readonly accent: string;
  readonly soft: string;
  readonly causes: Readonly<Record<Cause, string>>;
}

export const LIGHT: Scheme = {
  background: '#ffffff',
  ink: '#1a1d21',
  muted: '#575d66',
  line: '#d9dbdf',
  grid: '#e6e7ea',
  accent: '#0b5a8f',
  soft: '#f5f6f7',
  causes: {
    execution: '#0072b2',
    stall_l2_instruction: '#a98600',
    stall_l2_data: '#d07a1e',
    stall_local_instruction: '#866800',
    stall_local_data: '#b05a00',
    stall_remote_instruction: '#5c4800',
    stall_remote_data: '#7f3f00',
    stall_dirty_instruction: '#3f3100',
    stall_dirty_data: '#562500',
    stall_neighbour_instruction: '#735900',
    stall_neighbour_data: '#984d00',
    stall_upgrade: '#a66747',
    queueing: '#ff3b66',
    tlb_refill: '#00956b',
    page_fault: '#00664a',
    timer: '#5b8f29',
    trap_delivery: '#c76fa1',
    interrupt_delivery: '#a83673',
    privileged_emulation: '#86195e',
    l2tlb_reload: '#d457a0',
    tlb_write_emulation: '#9d5fd0',
    kernel_tlb_fault: '#61308f',
    monitor_call: '#8678d2',
    device: '#433fa0',
    page_move: '#8a2cf5',
    page_sharing: '#8a4a86',
    world_switch: '#5a2a5a',
    memory_balance: '#a07ab0',
    network: '#5f63c8',
    synchronisation: '#c0271d',
    idle: '#7b818a',
  },
};

export const DARK: Scheme = {
  background: '#14171a',
  ink: '#e9ebee',
  muted: '#a7aeb8',
  line: '#343a41',
  grid: '#2a2f35',
  accent: '#7cc0ee',
  soft: '#1d2125',
  causes: {
    execution: '#56b4e9',
    stall_l2_instruction: '#f3dd7c',
    stall_l2_data: '#ffbf85',
    stall_local_instruction: '#d6b21f',
    stall_local_data: '#ee943f',
    stall_remote_instruction: '#a58a1c',
    stall_remote_data: '#c56d1c',
    stall_dirty_instruction: '#7f6a14',
    stall_dirty_data: '#9d5413',
    stall_neighbour_instruction: '#bf9e1d',
    stall_neighbour_data: '#dc802c',
    stall_upgrade: '#b24a44',
    queueing: '#c8345a',
    tlb_refill: '#35cfa0',
    page_fault: '#17997a',
    timer: '#a3d06a',
    trap_delivery: '#eeb0d2',
    interrupt_delivery: '#d66ba4',
    privileged_emulation: '#ea58ae',
    l2tlb_reload: '#f5a3cf',
    tlb_write_emulation: '#c58cf0',
    kernel_tlb_fault: '#a97be3',
    monitor_call: '#c9bffa',
    device: '#8987f0',
    page_move: '#8048ff',
    page_sharing: '#c08abd',
    world_switch: '#a0609c',
    memory_balance: '#dcc0e6',
    network: '#a3a8ff',
    synchronisation: '#ff8379',
    idle: '#8c939d',
  },
};

/** Stem of a cause's class and custom properties: its letters, to keep the page small. */
export function causeSlug(cause: Cause): string {
  return CAUSE_WORDS[cause].code.toLowerCase();
}

/** The colour of a cause as the charts and the style sheet name it. */
export function causeColour(cause: Cause): string {
  return `var(--c-${causeSlug(cause)})`;
}

/** The colour of text on a cause's colour. */
export function onCauseColour(cause: Cause): string {
  return `var(--t-${causeSlug(cause)})`;
}

/** Custom properties of a scheme, as declarations of a style sheet. */
export function schemeProperties(scheme: Scheme): string {
  const { causes, ...plain } = scheme;
  const properties = Object.entries(plain).map(([name, value]) => `--${name}:${value}`);
  for (const cause of CAUSES) {
    properties.push(`--c-${causeSlug(cause)}:${causes[cause]}`);
    properties.push(`--t-${causeSlug(cause)}:${textOn(causes[cause])}`);
  }
  return properties.join(';');
}

/** Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2). */
export function luminance(colour: string): number {
  const channel = (at: number): number => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

/** Contrast of two colours, 1 to 21 (WCAG 2). */
export function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever reads better on `colour`; always at least 4.5:1. */
function textOn(colour: string): string {
  return contrast(colour, '#ffffff') >= contrast(colour, '#000000') ? '#ffffff' : '#000000';
}
