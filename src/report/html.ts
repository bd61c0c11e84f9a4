import type { RunResult } from '../model/result.ts';
import type { Tally } from '../model/tally.ts';
import { InputError } from '../trace/errors.ts';
import { openDrawer } from './charts/svg.ts';
import { type Facts, factsOf } from './facts.ts';
import type { PageInputs } from './html/difference.ts';
import { escapeHtml } from './html/escape.ts';
import { svgId, type Writer } from './html/figure.ts';
import { legend } from './html/legend.ts';
import { panel, panelButton } from './html/live.ts';
import { documentOf, ledgerSection, provenanceSection } from './html/parts.ts';
import { payload } from './html/payload.ts';
import { traceSection } from './html/trace.ts';
import { traceContents } from './html/trace-contents.ts';
import { verdictCard } from './html/verdict.ts';
import { idleInputs } from './idle-inputs.ts';
import { type Inputs, ledgerOf } from './inputs.ts';
import { renderJson } from './json.ts';
import { liveScript } from './live/asset.ts';
import { carriedTallies } from './live/carried.ts';
import { liveComparison } from './live/reprice.ts';
import { byteSize } from './numbers.ts';
import { verdictParts } from './verdict.ts';

export interface HtmlOptions extends Inputs {
  /** Printed in the page so that a reader can repeat the run. */
  readonly commandLine?: string;
  /**
   * The whole tally of each run, by comparison (`compareWithTallies`): the page carries them, and prices can be moved
   * in it. Without them it shows its prices alone.
   */
  readonly tallies?: readonly (readonly Tally[])[];
  /** Write a page above the limit of 10 MB all the same. */
  readonly allowLarge?: boolean;
}

export interface HtmlReport {
  readonly html: string;
  /** Size in UTF-8. */
  readonly bytes: number;
  /** Something the caller should tell the user, or null. */
  readonly warning: string | null;
}

const WARN_BYTES = 3_000_000;
const MOST_BYTES = 10_000_000;

/**
 * The whole result as one HTML file: no network, no dependency, readable without script. The same input
 * gives the same bytes.
 * @throws InputError if the page is larger than 10 MB and `allowLarge` is not set.
 */
export async function renderHtml(result: RunResult, options: HtmlOptions): Promise<HtmlReport> {
  const all = result.comparisons.map(factsOf);
  const ledger = ledgerOf(all, options);
  const writer: Writer = { drawer: await openDrawer(), specs: new Map(), exact: new Map() };
  const inputs: PageInputs = { ...options, isIdle: idleInputs(all), tables: new Map(), exact: writer.exact };
  const sections: string[] = [];
  for (const [i, facts] of all.entries())
    sections.push(await traceSection(writer, facts, inputs, traceId(i)));
  const carried = options.tallies === undefined ? null : carriedTallies(options.tallies);
  const live = carried?.map((tallies, i) => liveComparison(result.comparisons[i]!, tallies)) ?? null;
  const body = `<a class="skip" href="#main">Skip to the report</a>
<header class="wrap top"><span><strong>vmtax</strong> report</span><button type="button" id="theme" data-script hidden>Theme</button>${live === null ? '' : panelButton()}</header>
<main class="wrap" id="main">
${verdictCard(writer.exact, all, ledger)}
${contents(all)}
${legend(all)}
${sections.join('\n')}
${ledgerSection(writer.exact, ledger, all)}
${provenanceSection(result, all, options.commandLine)}
</main>
<footer class="wrap">One file, nothing loaded from elsewhere. Times are modelled from counted events and the inputs above.</footer>`;
  // What the live script can make the page need not hold.
  const made = new Set(
    live === null ? [] : all.flatMap((facts, i) => traceContents(facts, traceId(i)).map(svgId)),
  );
  const specs = new Map([...writer.specs].filter(([id]) => !made.has(id)));
  const data = payload(renderJson(result, { indent: 0 }), { ...writer, specs }, carried);
  const part =
    live === null ? null : { script: liveScript(), panel: panel(live, options.ledger, inputs.isIdle) };
  const html = documentOf(`${verdictParts(all).answer} · vmtax`, body, data, part);
  const bytes = Buffer.byteLength(html);
  if (bytes > MOST_BYTES && !options.allowLarge)
    throw new InputError(
      `the HTML report would be ${byteSize(bytes)}, more than ${byteSize(MOST_BYTES)}: compare fewer systems or traces in one report, or allow large reports`,
    );
  const warning =
    bytes > WARN_BYTES
      ? `the HTML report is ${byteSize(bytes)}; browsers get slow above ${byteSize(WARN_BYTES)}`
      : null;
  return { html, bytes, warning };
}

const traceId = (i: number): string => `trace-${i + 1}`;

function contents(all: readonly Facts[]): string {
  const links = [
    ['legend', 'Causes'],
    ...all.map((facts, i) => [traceId(i), facts.short]),
    ['inputs', 'Inputs'],
    ['provenance', 'Provenance'],
  ];
  return `<nav aria-label="Contents"><ul class="toc">${links.map(([id, name]) => `<li><a href="#${id}">${escapeHtml(name!)}</a></li>`).join('')}</ul></nav>`;
}
