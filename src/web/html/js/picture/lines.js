import { svgElement } from "../dom.js";

// The spots on a line where its label may be, best first.
const PLACES = [0.5, 0.45, 0.55, 0.4, 0.6, 0.35, 0.65, 0.3, 0.7, 0.25, 0.75, 0.2, 0.8];

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
  return `M${ax} ${ay} ${path} ${bx} ${by}`;
}

const covered = (a, b) =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

/** Puts a label where it hides least of the `obstacles`, as near to the middle of its line as possible. */
function place(label, path, origin, obstacles) {
  const [width, height, length] = [label.offsetWidth, label.offsetHeight, path.getTotalLength()];
  const spots = PLACES.map((part) => {
    const { x, y } = path.getPointAtLength(part * length);
    const [left, top] = [origin.left + x - width / 2, origin.top + y - height / 2];
    const hidden = obstacles.map((box) => covered(box, { left, top, right: left + width, bottom: top + height }));
    return { x, y, hidden: hidden.reduce((sum, area) => sum + area, 0) };
  });
  const { x, y } = spots.reduce((best, spot) => (spot.hidden < best.hidden ? spot : best));
  label.style.left = `${x}px`;
  label.style.top = `${y}px`;
}

const line = (d, name) => svgElement("path", { d, class: name, pathLength: "100" });

/**
 * Draws which box can reach which, and above that the way of the latest request.
 * @param {SVGElement} svg
 * @param {[Element, Element][]} possible
 * @param {{from: Element, to: Element, broken: boolean, label: HTMLElement}[]} taken
 *   in the request's order; each label is put on its line
 * @param {Iterable<Element>} obstacles the elements that a label should not hide
 */
export function drawLines(svg, possible, taken, obstacles) {
  const origin = svg.getBoundingClientRect();
  const between = (from, to) => curve(from.getBoundingClientRect(), to.getBoundingClientRect(), origin);
  const paths = possible.map(([from, to]) => line(between(from, to), "possible"));
  const boxes = [...obstacles].map((element) => element.getBoundingClientRect());
  const labels = [];
  taken.forEach(({ from, to, broken, label }, index) => {
    const d = between(from, to);
    const path = line(d, broken ? "taken broken" : "taken");
    paths.push(path);
    if (!broken) paths.push(line(d, `pulse pulse-${index}`));
    labels.push([label, path]);
  });
  svg.replaceChildren(...paths);
  for (const [label, path] of labels) {
    place(label, path, origin, boxes);
    boxes.push(label.getBoundingClientRect());
  }
}
