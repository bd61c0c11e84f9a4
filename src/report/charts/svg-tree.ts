/** SVG as a tree: enough to read what Vega writes, to simplify it, and to write it again. */

export interface SvgElement {
  readonly name: string;
  /** Values as they stand in the file, escaped. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Elements, and text as it stands in the file. */
  readonly children: readonly (SvgElement | string)[];
}

const TOKEN = /<(\/?)([\w:]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;

/**
 * The root of a well-formed SVG without comments, declarations or entities of its own.
 * @throws Error for anything else.
 */
export function parseSvg(text: string): SvgElement {
  const root: (SvgElement | string)[] = [];
  const open: { children: (SvgElement | string)[]; name: string }[] = [{ children: root, name: '' }];
  let end = 0;
  let wrong = false;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, closing, name = '', attributes = '', empty, content] = match;
    if (match.index !== end) break;
    end += whole.length;
    const parent = open.at(-1)!;
    if (content !== undefined) parent.children.push(content);
    else if (closing) {
      wrong ||= open.length === 1 || open.pop()?.name !== name;
      if (wrong) break;
    } else {
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]);
      const children: (SvgElement | string)[] = [];
      parent.children.push({ name, attributes: Object.fromEntries(pairs), children });
      if (!empty) open.push({ children, name });
    }
  }
  const [only] = root;
  if (wrong || end !== text.length || open.length !== 1 || root.length !== 1 || typeof only !== 'object')
    throw new Error(`not the SVG that was expected, at character ${end}`);
  return only;
}

export function writeSvg(node: SvgElement | string): string {
  if (typeof node === 'string') return node;
  const attributes = Object.entries(node.attributes).map(([key, value]) => ` ${key}="${value}"`);
  const start = `<${node.name}${attributes.join('')}`;
  if (node.children.length === 0) return `${start}/>`;
  return `${start}>${node.children.map(writeSvg).join('')}</${node.name}>`;
}
