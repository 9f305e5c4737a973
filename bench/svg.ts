/** Small pictures: lines, bars and words, in colours that can be read on light and on dark ground. */

type Kind = 'first' | 'second' | 'other' | 'grid' | 'goal';
type TextOptions = { anchor?: 'start' | 'middle' | 'end'; weight?: 'bold' };

/** Something to draw, in pixels from the upper left corner. */
export type Mark =
  | { line: [x1: number, y1: number, x2: number, y2: number]; kind: Kind }
  | { path: [x: number, y: number][]; kind: Kind }
  | { dot: [x: number, y: number]; kind: Kind }
  | { rect: [x: number, y: number, width: number, height: number]; kind: Kind }
  | { text: string; at: [x: number, y: number]; options: TextOptions };

const MARGIN = 12;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .first { --colour: #0969da } .second { --colour: #bc4c00 } .other { --colour: #8c959f }
  .grid { --colour: #d0d7de } .goal { --colour: #cf222e; stroke-dasharray: 5 4 }
  line, path { stroke: var(--colour); stroke-width: 1.8; fill: none } .grid { stroke-width: 1 }
  rect, circle { fill: var(--colour) }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .first { --colour: #58a6ff } .second { --colour: #f0883e } .other { --colour: #8b949e }
    .grid { --colour: #3d444d } .goal { --colour: #ff7b72 }
  }`;

/** Words at a place. */
export function text(x: number, y: number, words: string, options: TextOptions = {}): Mark {
  return { text: words, at: [x, y], options };
}

/** A bar. */
export function rect(x: number, y: number, width: number, height: number, kind: Kind): Mark {
  return { rect: [x, y, width, height], kind };
}

/** The whole file; `title` is for those who do not see it. */
export function picture(width: number, height: number, title: string, marks: Mark[]): string {
  const box = [-MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN].map(round).join(' ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" role="img">
<title>${escaped(title)}</title>
<style>${STYLE}
</style>
${marks.map(draw).join('\n')}
</svg>
`;
}

function draw(mark: Mark): string {
  if ('text' in mark) {
    const { anchor = 'start', weight } = mark.options;
    const bold = weight === undefined ? '' : ` style="font-weight: ${weight}"`;
    return `<text x="${round(mark.at[0])}" y="${round(mark.at[1])}" text-anchor="${anchor}"${bold}>${escaped(mark.text)}</text>`;
  }
  if ('line' in mark) {
    const [x1, y1, x2, y2] = mark.line.map(round);
    return `<line class="${mark.kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
  }
  if ('path' in mark) {
    const steps = mark.path.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${round(x)} ${round(y)}`);
    return `<path class="${mark.kind}" d="${steps.join('')}"/>`;
  }
  if ('dot' in mark) {
    const [x, y] = mark.dot.map(round);
    return `<circle class="${mark.kind}" cx="${x}" cy="${y}" r="3"/>`;
  }
  const [x, y, width, height] = mark.rect.map(round);
  return `<rect class="${mark.kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="2"/>`;
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
