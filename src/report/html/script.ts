import { DECODE } from './base85.ts';
import { DOWNLOAD_LABELS } from './table.ts';

/**
 * The page's script: theme, open tables and place in the address, downloads, copying, printing. It adds
 * comfort only; without it the page is complete and its controls stay hidden. Plain JavaScript in one
 * function, so that it can be read, and hashed for the content security policy.
 *
 * The address: `#place~theme=dark~open=id.id~structure=0123abcd~prices=local_ns:500`. The script that prices anew
 * (`live/page/`) is put into the page by this one and finds in `vmtax` the data, what the address says of prices and (of a
 * sweep) the structure, and where it leaves what downloads are made from.
 */
export const SCRIPT = `'use strict';(() => {
const root = document.documentElement;
const all = (selector) => [...document.querySelectorAll(selector)];
const themes = ['automatic', 'light', 'dark'];
let place = '';
let theme = 'automatic';
// The address as it was read or written last.
let seen = location.hash;
const live = globalThis.vmtax = { prices: '', structure: '', ignored: [], tables: {}, specs: {} };

const labels = ${JSON.stringify(DOWNLOAD_LABELS)};
for (const tools of all('[data-gets]')) {
  let name = '';
  for (const item of tools.dataset.gets.split(' ')) {
    const [kind, of, own] = item.split(':');
    const button = document.createElement('button');
    name = own || name;
    Object.assign(button.dataset, { get: kind, of, name });
    Object.assign(button, { type: 'button', textContent: labels[kind], ariaLabel: 'Download ' + labels[kind] });
    tools.append(button);
  }
}
for (const control of all('[data-script]')) control.hidden = false;

const write = () => {
  // Somebody has just followed a link: that is read first, and then written.
  if (location.hash !== seen) return;
  const open = all('details[open][id]').map((d) => d.id).join('.');
  const hash = [place, theme === 'automatic' ? '' : 'theme=' + theme, open && 'open=' + open,
    live.structure && 'structure=' + live.structure, live.prices && 'prices=' + live.prices]
    .filter((part, i) => i === 0 || part).join('~');
  try { history.replaceState(null, '', hash ? '#' + hash : location.href.split('#')[0]); } catch {}
  seen = location.hash;
};
const setTheme = (name) => {
  theme = themes.includes(name) ? name : 'automatic';
  if (theme === 'automatic') delete root.dataset.theme; else root.dataset.theme = theme;
  const button = document.getElementById('theme');
  if (button) button.textContent = 'Theme: ' + theme;
};
const read = () => {
  seen = location.hash;
  const [first, ...rest] = location.hash.slice(1).split('~');
  // A place is a name; what looks like a setting and is not behind a tilde is none.
  place = first.includes('=') ? '' : first;
  live.ignored = place === first ? [] : [first];
  // A link within the page names a place alone and leaves the rest as it is.
  if (rest.length > 0) live.prices = live.structure = '';
  for (const part of rest) {
    const [key, ...values] = part.split('=');
    const value = values.join('=');
    if (key === 'theme') setTheme(value);
    else if (key === 'prices' || key === 'structure') live[key] = value;
    else if (key !== 'open' && part !== '') live.ignored.push(part);
    if (key === 'open') for (const id of value.split('.')) {
      const details = document.getElementById(id);
      if (details && details.tagName === 'DETAILS') details.open = true;
    }
  }
  const target = place && document.getElementById(decodeURIComponent(place));
  if (target) {
    for (let e = target; e; e = e.parentElement) if (e.tagName === 'DETAILS') e.open = true;
    target.scrollIntoView();
  }
};
try { read(); } catch {}
setTheme(theme);
live.write = write;
addEventListener('hashchange', () => { try { read(); } catch {} dispatchEvent(new Event('vmtax-prices')); write(); });
for (const details of all('details[id]')) details.addEventListener('toggle', write);

let opened = [];
addEventListener('beforeprint', () => { opened = all('details:not([open])'); for (const d of opened) d.open = true; });
addEventListener('afterprint', () => { for (const d of opened) d.open = false; opened = []; });

${DECODE}
const inflated = (element) => {
  const { data } = JSON.parse(element.textContent);
  return new Response(new Blob([bytesOf(data)]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text();
};
let payload;
const data = () => payload ??= (async () =>
  JSON.parse(await inflated(document.getElementById('data')), (key, value) =>
    (key === 'parts' || key === 'rows') && value?.columns ? rows(value.columns) : value))();
live.data = data;
const row = (columns, i) => Object.fromEntries(Object.entries(columns)
  .filter(([key, column]) => key && (column[''] ? column[''][i] : column[i] !== null))
  .map(([key, column]) => [key, column[''] ? row(column, i) : column[i]]));
const rows = (columns) => columns.cpu.map((_, i) => row(columns, i));
const save = (name, type, text) => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
const coloured = (text) => {
  const style = getComputedStyle(root);
  return text.replace(/var\\((--[\\w-]+)\\)/g, (_, name) => style.getPropertyValue(name).trim());
};
const csv = async (id) => {
  const [head, ...exact] = live.tables[id] ?? (await data()).tables[id];
  const body = [...document.getElementById(id).tBodies[0].rows].filter((row) => row.cells.length > 1);
  const rows = [head, ...exact.map((row, i) => row.map((value, k) => value ?? body[i].cells[k].textContent))];
  const quote = (text) => /[",\\r\\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  return rows.map((row) => row.map(quote).join(',')).join('\\n') + '\\n';
};
const get = {
  csv: async (id, name) => save(name + '.csv', 'text/csv', await csv(id)),
  svg: (id, name) => {
    const svg = document.getElementById(id).cloneNode(true);
    const back = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    for (const [key, value] of Object.entries({ width: '100%', height: '100%', fill: 'var(--background)' }))
      back.setAttribute(key, value);
    svg.insertBefore(back, svg.querySelector('desc').nextSibling);
    save(name + '.svg', 'image/svg+xml', coloured(new XMLSerializer().serializeToString(svg)));
  },
  spec: async (id, name) => save(name + '.vl.json', 'application/json',
    coloured(JSON.stringify(live.specs[id] ?? (await data()).specs[id] ?? await made(id), null, 2)) + '\\n'),
  result: async (_, name) => save(name + '.json', 'application/json',
    JSON.stringify((await data()).result, null, 2) + '\\n'),
};
document.addEventListener('click', async (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.id === 'theme') { setTheme(themes[(themes.indexOf(theme) + 1) % 3]); write(); return; }
  const { get: kind, of, name, copy } = button.dataset;
  const label = button.textContent;
  try {
    dispatchEvent(new Event('vmtax-flush'));
    if (kind) await get[kind](of, name);
    if (copy) { await navigator.clipboard.writeText(document.getElementById(copy).textContent); button.textContent = 'Copied'; }
  } catch { button.textContent = 'Not possible in this browser'; }
  if (button.textContent !== label) setTimeout(() => { button.textContent = label; }, 2000);
});

// The panel, then the script, which the policy knows by its hash.
const start = async (element) => {
  const { panel, script } = JSON.parse(await inflated(element));
  document.body.insertAdjacentHTML('beforeend', panel);
  const code = document.createElement('script');
  code.textContent = script;
  document.body.append(code);
};
const part = document.getElementById('live');
const started = part && start(part).catch(() => Object.assign(document.getElementById('what-if'),
  { hidden: false, disabled: true, textContent: 'Prices cannot be changed in this browser' }));
const made = async (id) => { await started; return live.spec(id); };
})();`;
