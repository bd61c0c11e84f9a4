import { type Facts, factsOf } from '../../facts.ts';
import { flips } from '../flips.ts';
import { PRICE_GROUPS } from '../groups.ts';
import { liveComparison, reprice } from '../reprice.ts';
import { formatSettings, type PriceName, parseSettings } from '../settings.ts';
import { byId, comfort, pageData } from './comfort.ts';
import { watchFields } from './panel.ts';
import { createRedraw } from './redraw.ts';
import { flipCount, flipsHtml, noteHtml, spoken, timesHtml } from './said.ts';

/**
 * The page's prices: a change of one prices the tallies in the page anew, with the pricing of the command line, and
 * draws what can be seen before the next frame. Everything else (charts further down, closed tables, the address, what is
 * said aloud) follows when nothing moves any more.
 */

const NAMES: readonly PriceName[] = PRICE_GROUPS.flatMap(({ prices }) => prices);
/** Milliseconds without a change after which the rest of the page follows. */
const QUIET = 200;

main();

function main(): void {
  const root = document.documentElement;
  const panel = byId('panel');
  const opener = byId('what-if') as HTMLButtonElement;
  let settings = new Map<PriceName, number>();
  let frame = 0;
  let quiet = 0;

  const redraw = createRedraw();
  const fields = watchFields(({ name, value }) => {
    if (value === null) settings.delete(name);
    else settings.set(name, value);
    changed();
  });

  /** The page's comparisons and their facts at the start; made once, when first needed. */
  let loaded: ReturnType<typeof load> | undefined;
  async function load() {
    const comparisons = (await pageData()).map(({ comparison, carried }) =>
      liveComparison(comparison, carried),
    );
    return { comparisons, start: comparisons.map((one) => factsOf(one.start)) };
  }
  const pricing = () => {
    loaded ??= load();
    return loaded;
  };

  /** Asks for a frame with the settings as they are then. */
  function changed(): void {
    root.dataset.live = 'moving';
    if (frame !== 0) return;
    frame = requestAnimationFrame(() => {
      pricing()
        .then((page) => {
          frame = 0;
          update(page);
        })
        .catch(fail);
    });
  }

  /** Says what went wrong; the page stays as it was. */
  function fail(problem: unknown): void {
    const error = byId('live-error');
    error.textContent = problem instanceof Error ? problem.message : String(problem);
    error.hidden = false;
    root.dataset.live = 'settled';
  }

  function update({ comparisons, start }: Awaited<ReturnType<typeof load>>): void {
    performance.mark('vmtax-start');
    const frozen = comparisons.some(({ runs }) => runs.some((run) => run.frozen));
    let now: Facts[];
    try {
      now = comparisons.map((one) => factsOf(reprice(one, settings)));
    } catch (problem) {
      fail(problem);
      return;
    }
    byId('live-error').hidden = true;
    performance.measure('vmtax-price', 'vmtax-start');
    performance.mark('vmtax-priced');
    redraw.show(start, now);
    byId('live-times').innerHTML = timesHtml(start, now);
    const turned = flips(start, now);
    byId('live-count').textContent = settings.size === 0 ? '' : `${flipCount(turned)}.`;
    byId('live-flips').innerHTML = turned.length === 0 ? '' : flipsHtml(turned);
    const note = byId('live-note');
    note.hidden = settings.size === 0;
    note.innerHTML = settings.size === 0 ? '' : noteHtml(start, settings, turned, fields, frozen);
    for (const remark of document.querySelectorAll<HTMLElement>('[data-start]'))
      remark.hidden = settings.size === 0;
    (byId('panel-reset') as HTMLButtonElement).disabled = settings.size === 0;
    opener.classList.toggle('moved', settings.size > 0);
    opener.textContent = settings.size === 0 ? 'Change prices' : `Prices: ${settings.size} changed`;
    performance.measure('vmtax-draw', 'vmtax-priced');
    comfort.prices = formatSettings(settings, NAMES);
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      redraw.finish();
      comfort.write();
      const said = byId('live-said');
      if (settings.size > 0 || said.textContent !== '') said.textContent = spoken(now, settings, turned);
      root.dataset.live = 'settled';
    }, QUIET);
  }

  /** Takes the settings of the address. */
  function fromAddress(): void {
    settings = parseSettings(comfort.prices, NAMES);
    fields.set(settings);
    changed();
  }

  function reset(): void {
    settings = new Map();
    fields.set(settings);
    changed();
  }

  function openPanel(open: boolean): void {
    panel.hidden = !open;
    root.classList.toggle('with-panel', open);
    opener.setAttribute('aria-expanded', String(open));
    if (open && root.dataset.live === undefined) changed();
  }

  opener.addEventListener('click', () => {
    openPanel(Boolean(panel.hidden));
    if (!panel.hidden) byId('panel-h').focus();
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
  panel.querySelector('form')!.addEventListener('submit', (event) => event.preventDefault());
  addEventListener('vmtax-prices', () => {
    if (comfort.prices !== formatSettings(settings, NAMES)) fromAddress();
  });
  // What is printed or downloaded is what the prices are now.
  addEventListener('vmtax-flush', redraw.finish);
  addEventListener('beforeprint', redraw.finish);

  if (comfort.prices !== '') {
    fromAddress();
    openPanel(matchMedia('(min-width: 1100px)').matches);
  }
}
