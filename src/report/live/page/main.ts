import type { Facts } from '../../facts.ts';
import { prose } from '../../html/escape.ts';
import { flips } from '../flips.ts';
import { PRICE_GROUPS } from '../groups.ts';
import { formatSettings, type PriceName, parseSettings } from '../settings.ts';
import { byId, comfort } from './comfort.ts';
import { watchFields } from './panel.ts';
import { createRedraw, specOf } from './redraw.ts';
import {
  changesText,
  flipCount,
  flipsHtml,
  ignoredText,
  noteHtml,
  refusedHtml,
  spoken,
  timesHtml,
} from './said.ts';
import { type Stage, type Stages, stagesOf } from './stages.ts';

/**
 * The page's prices, and which structure of a sweep they are for: a change prices the tallies in the page anew, with the
 * pricing of the command line, and draws what can be seen before the next frame. Everything else (charts further down,
 * closed tables, the address, what is said aloud) follows when nothing moves any more.
 */

const NAMES: readonly PriceName[] = PRICE_GROUPS.flatMap(({ prices }) => prices);
/** Milliseconds without a change after which the rest of the page follows. */
const QUIET = 200;

const messageOf = (problem: unknown): string =>
  problem instanceof Error ? problem.message : String(problem);

main();

function main(): void {
  const root = document.documentElement;
  const panel = byId('panel');
  const opener = byId('what-if') as HTMLButtonElement;
  const asks = opener.textContent!;
  opener.setAttribute('aria-controls', panel.id);
  opener.hidden = false;
  /** Of a sweep with several structures in its page. */
  const chooser = document.getElementById('structure') as HTMLSelectElement | null;
  /** The structure that the page starts with. */
  const first = chooser?.value ?? '';
  let settings = new Map<PriceName, number>();
  let frame = 0;
  let quiet = 0;
  /** What the address asks for that the page does not have or cannot set, in words. */
  let ignored = '';
  /** Whether all structures of a sweep are. */
  let ready = false;

  const redraw = createRedraw();
  const fields = watchFields(({ name, value }) => {
    ignored = '';
    if (value === null) settings.delete(name);
    else settings.set(name, value);
    changed();
  });

  /** What the page can price; made once, when first needed. */
  let loaded: Promise<Stages> | undefined;
  const stages = (): Promise<Stages> => {
    loaded ??= comfort.data().then(stagesOf);
    return loaded;
  };

  /** Asks for a frame with the settings as they are then. */
  function changed(): void {
    root.dataset.live = 'moving';
    if (frame !== 0) return;
    frame = requestAnimationFrame(() => {
      stages()
        .then((all) => {
          frame = 0;
          update(all);
        })
        .catch(fail);
    });
  }

  /** Says what went wrong; the page stays as it was. */
  function fail(problem: unknown): void {
    const error = byId('live-error');
    error.textContent = messageOf(problem);
    error.hidden = false;
    root.dataset.live = 'settled';
  }

  /** Says, beside figures that stay as they were, that they are not at the prices that were set. */
  function refuse(problem: unknown): void {
    fail(problem);
    const note = byId('live-note');
    note.hidden = false;
    note.innerHTML = refusedHtml(messageOf(problem));
  }

  function update(all: Stages): void {
    performance.mark('vmtax-start');
    let stage: Stage;
    let now: Facts[];
    try {
      stage = all.of(chooser?.value ?? '');
      now = stage.at(settings);
    } catch (problem) {
      refuse(problem);
      return;
    }
    const { start, ids, other } = stage;
    const changes = changesText(settings, other);
    byId('live-error').hidden = true;
    // A select shows one line, of which long values lose their ends.
    if (chooser !== null) byId('structure-whole').textContent = chooser.selectedOptions[0]!.text;
    performance.measure('vmtax-price', 'vmtax-start');
    performance.mark('vmtax-priced');
    redraw.show(now, ids);
    byId('live-times').innerHTML = timesHtml(start, now);
    const turned = flips(start, now);
    byId('live-count').textContent = changes === '' ? '' : `${flipCount(turned)}.`;
    byId('live-flips').innerHTML = turned.length === 0 ? '' : flipsHtml(turned);
    const note = byId('live-note');
    note.hidden = changes === '' && ignored === '';
    note.innerHTML =
      (ignored === '' ? '' : `<p>${prose(ignored)}</p>`) +
      (changes === '' ? '' : noteHtml(stage, settings, turned, fields));
    for (const remark of document.querySelectorAll<HTMLElement>('[data-start]'))
      remark.hidden = settings.size === 0;
    (byId('panel-reset') as HTMLButtonElement).disabled = changes === '';
    opener.classList.toggle('moved', changes !== '');
    opener.textContent = changes === '' ? asks : changes;
    performance.measure('vmtax-draw', 'vmtax-priced');
    comfort.prices = formatSettings(settings, NAMES);
    comfort.structure = other?.id ?? '';
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      redraw.finish();
      compare(all, stage.trace);
      comfort.write();
      const said = byId('live-said');
      if (changes !== '' || ignored !== '' || said.textContent !== '')
        said.textContent = `${ignored} ${spoken(now, changes, turned)}`.trim();
      root.dataset.live = 'settled';
      requestIdleCallback(() => makeReady(all, stage.trace));
    }, QUIET);
  }

  /** Makes structures ready that may be chosen next, one whenever nothing else is to be done. */
  function makeReady(all: Stages, trace: number): void {
    if (root.dataset.live !== 'settled' || ready) return;
    ready = !all.prepare();
    if (ready) compare(all, trace);
    else requestIdleCallback(() => makeReady(all, trace));
  }

  /** Writes all structures of a sweep side by side, once they are ready; until then it shows none that are not so any more. */
  function compare(all: Stages, trace: number): void {
    const table = document.getElementById('structures-d');
    if (table === null) return;
    table.hidden = !ready && (comfort.prices !== '' || comfort.structure !== '');
    if (table.hidden) byId('structures-finding').textContent = 'They are being priced.';
    if (!ready) return;
    try {
      const found = all.all(trace, settings);
      if (found !== null) redraw.structures(found);
    } catch (problem) {
      fail(problem);
    }
  }

  /** Shows what is drawn anew of a sweep's page, where none of it can be seen. */
  function reveal(): void {
    const choice = document.getElementById('choice');
    const box = choice?.getBoundingClientRect();
    if (box && (box.top > innerHeight / 2 || box.bottom < 0)) choice?.scrollIntoView();
  }

  function take(prices: ReturnType<typeof parseSettings>, structure: string): void {
    settings = prices.settings;
    fields.set(settings);
    // A page without a choice has no structure that could be named.
    let absent = chooser === null && structure !== '';
    if (chooser !== null) {
      chooser.value = structure;
      // What the page does not have is where it starts.
      absent = chooser.value !== structure;
      if (absent) chooser.value = first;
    }
    ignored = ignoredText(absent, prices.ignored, comfort.ignored);
    comfort.ignored = [];
    changed();
  }

  const fromAddress = (): void =>
    take(parseSettings(comfort.prices, NAMES), comfort.structure === '' ? first : comfort.structure);
  const reset = (): void => take({ settings: new Map(), ignored: [] }, first);

  function openPanel(open: boolean): void {
    panel.hidden = !open;
    root.classList.toggle('with-panel', open);
    opener.setAttribute('aria-expanded', String(open));
    if (open && root.dataset.live === undefined) changed();
  }

  opener.addEventListener('click', () => {
    openPanel(Boolean(panel.hidden));
    if (panel.hidden) return;
    reveal();
    byId('panel-h').focus({ preventScroll: true });
  });
  byId('panel-close').addEventListener('click', () => {
    openPanel(false);
    opener.focus();
  });
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    openPanel(false);
    opener.focus();
  });
  byId('panel-reset').addEventListener('click', reset);
  byId('live-note').addEventListener('click', ({ target }) => {
    if (!(target instanceof Element) || target.closest('[data-reset]') === null) return;
    reset();
    opener.focus();
  });
  chooser?.addEventListener('change', () => {
    ignored = '';
    changed();
  });
  panel.querySelector('form')!.addEventListener('submit', (event) => event.preventDefault());
  addEventListener('vmtax-prices', () => {
    const structure = chooser === null || chooser.value === first ? '' : chooser.value;
    const others = comfort.prices !== formatSettings(settings, NAMES) || comfort.structure !== structure;
    if (others || comfort.ignored.length > 0) fromAddress();
  });
  // What moving prices leaves as it is has the specification that it has at the start.
  comfort.spec = async (id) => {
    const { start, ids } = (await stages()).of(first);
    return specOf(start, ids, id);
  };
  // What is printed or downloaded is what the prices are now.
  addEventListener('vmtax-flush', redraw.finish);
  addEventListener('beforeprint', redraw.finish);

  if (comfort.prices !== '' || comfort.structure !== '' || comfort.ignored.length > 0) {
    fromAddress();
    openPanel(matchMedia('(min-width: 1100px)').matches);
    if (location.hash.startsWith('#~')) reveal();
  }
}
