const SVG = "http://www.w3.org/2000/svg";

/**
 * A curve between two boxes: left to right, or downwards where the boxes stand under each other.
 * @param {DOMRect} from @param {DOMRect} to @param {DOMRect} origin of the drawing
 */
function curve(from, to, origin) {
  const downwards = to.left < from.right;
  const [x1, y1, x2, y2] = downwards
    ? [from.left + from.width / 2, from.bottom, to.left + to.width / 2, to.top]
    : [from.right, from.top + from.height / 2, to.left, to.top + to.height / 2];
  const [ax, ay, bx, by] = [x1 - origin.left, y1 - origin.top, x2 - origin.left, y2 - origin.top];
  const [mx, my] = [(ax + bx) / 2, (ay + by) / 2];
  const path = downwards ? `C${ax} ${my} ${bx} ${my}` : `C${mx} ${ay} ${mx} ${by}`;
  return { d: `M${ax} ${ay} ${path} ${bx} ${by}`, mx, my };
}

function line(d, name) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", d);
  path.setAttribute("class", name);
  path.setAttribute("pathLength", "100");
  return path;
}

/**
 * Draws who can reach whom, and over it the way the latest request took.
 * @param {SVGElement} svg
 * @param {[Element, Element][]} possible
 * @param {{from: Element, to: Element, broken: boolean, label: HTMLElement}[]} taken
 *   in order; each label is put on the middle of its line
 */
export function drawLines(svg, possible, taken) {
  const origin = svg.getBoundingClientRect();
  const between = (from, to) => curve(from.getBoundingClientRect(), to.getBoundingClientRect(), origin);
  const paths = possible.map(([from, to]) => line(between(from, to).d, "possible"));
  taken.forEach(({ from, to, broken, label }, index) => {
    const { d, mx, my } = between(from, to);
    paths.push(line(d, broken ? "taken broken" : "taken"));
    if (!broken) paths.push(line(d, `pulse pulse-${index}`));
    label.style.left = `${mx}px`;
    label.style.top = `${my}px`;
  });
  svg.replaceChildren(...paths);
}
