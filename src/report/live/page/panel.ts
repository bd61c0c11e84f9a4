import { isPriceValue, type PriceName, type Settings } from '../settings.ts';
import { byId } from './comfort.ts';

/** The fields of the panel: what is set in them, and what they show. */
export interface Fields {
  /** Shows these settings in all fields. */
  set(settings: Settings): void;
  /** The price as the systems have it, in words. */
  startOf(name: PriceName): string;
  unitOf(name: PriceName): string;
}

/** What a reader did to one price. */
export interface Moved {
  readonly name: PriceName;
  /** null: back to where it started. */
  readonly value: number | null;
}

interface Field {
  readonly name: PriceName;
  readonly row: HTMLElement;
  readonly range: HTMLInputElement;
  readonly number: HTMLInputElement;
  readonly back: HTMLButtonElement;
  /** The one value that all systems start with, else null. */
  readonly now: number | null;
}

/** Watches the fields; `moved` hears of each change. A value that no system accepts is marked and changes nothing. */
export function watchFields(moved: (change: Moved) => void): Fields {
  const fields = [...document.querySelectorAll<HTMLElement>('#panel .price')].map((row): Field => {
    const name = row.dataset.price as PriceName;
    const { now } = row.dataset;
    return {
      name,
      row,
      range: byId(`r-${name}`) as HTMLInputElement,
      number: byId(`p-${name}`) as HTMLInputElement,
      back: row.querySelector('.back')!,
      now: now === '' ? null : Number(now),
    };
  });
  const byName = new Map(fields.map((field) => [field.name, field]));

  const show = (field: Field, value: number | null, typed: boolean): void => {
    const at = value ?? Number(field.row.dataset.at);
    field.range.value = String(at);
    field.range.setAttribute('aria-valuetext', `${at} ${unitOf(field.name)}`);
    if (!typed)
      field.number.value = value === null ? (field.now === null ? '' : String(field.now)) : String(value);
    field.number.removeAttribute('aria-invalid');
    field.row.classList.toggle('moved', value !== null);
    field.back.disabled = value === null;
  };

  const unitOf = (name: PriceName): string => byName.get(name)?.row.querySelector('.unit')?.textContent ?? '';

  for (const field of fields) {
    const change = (value: number | null, typed: boolean): void => {
      const same = value === field.now ? null : value;
      show(field, same, typed);
      moved({ name: field.name, value: same });
    };
    field.range.addEventListener('input', () => {
      const step = Number(field.range.dataset.step);
      const rounded = Number((Math.round(field.range.valueAsNumber / step) * step).toPrecision(6));
      change(Math.max(rounded, Number(field.range.min)), false);
    });
    field.number.addEventListener('input', () => {
      const { value, validity } = field.number;
      if (value === '' && !validity.badInput) change(null, true);
      else if (isPriceValue(field.name, field.number.valueAsNumber)) change(field.number.valueAsNumber, true);
      else field.number.setAttribute('aria-invalid', 'true');
    });
    // What was left empty or wrong goes back to what counts.
    field.number.addEventListener('change', () => {
      if (field.number.value === '' || field.number.ariaInvalid === 'true') change(null, false);
    });
    field.back.addEventListener('click', () => {
      change(null, false);
      field.number.focus();
    });
  }

  return {
    set: (settings) => {
      for (const field of fields) show(field, settings.get(field.name) ?? null, false);
    },
    startOf: (name) => {
      const field = byName.get(name);
      return field?.now === null ? field.number.placeholder : String(field?.now ?? '');
    },
    unitOf,
  };
}
