/** Laying out text in a terminal: how wide a string is, and how to break, cut and pad it. */

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uFF01-\uFF60]/u;

/** Columns that a text takes: 2 for wide characters, 0 for combining marks. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/[\p{M}\u200B-\u200D]/u.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - textWidth(text))) + text;
}

/** Cuts a text to a width, with an ellipsis in the middle. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  const characters = [...text];
  let head = Math.ceil((width - 1) / 2);
  let tail = Math.max(0, width - 1 - head);
  for (;;) {
    const shortened = `${characters.slice(0, head).join('')}…${tail > 0 ? characters.slice(-tail).join('') : ''}`;
    if (textWidth(shortened) <= width || head + tail === 0) return shortened;
    if (head > tail) head--;
    else tail--;
  }
}

/** A space at which a line may end: not the one between a number and its unit. */
const BREAK = /(?<!\d) | (?!(?:%|ps|ns|µs|ms|s)(?![\p{L}\d]))/u;

/**
 * Breaks at spaces but not between a number and its unit, and after hyphens where a word alone is too wide;
 * as a last resort anywhere.
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAK)) {
    if (line && textWidth(line) + 1 + textWidth(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line) lines.push(line);
    const pieces = breakWord(word, width);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  lines.push(line);
  return lines;
}

function breakWord(word: string, width: number): string[] {
  if (textWidth(word) <= width) return [word];
  const lines: string[] = [];
  let line = '';
  for (const piece of word.split(/(?<=-)/)) {
    if (textWidth(line) + textWidth(piece) <= width) {
      line += piece;
      continue;
    }
    if (line) lines.push(line);
    line = '';
    for (const character of piece) {
      if (textWidth(line) + textWidth(character) > width && line) {
        lines.push(line);
        line = '';
      }
      line += character;
    }
  }
  if (line) lines.push(line);
  return lines;
}

/** Wrapped text with an indent; the first line may have a different one. */
export function paragraph(text: string, width: number, indent = '', first = indent): string[] {
  return wrap(text, Math.max(8, width - indent.length)).map((line, i) => (i === 0 ? first : indent) + line);
}
