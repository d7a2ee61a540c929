// The page's small charts. Each draws into an element that the page has, and tells the reader
// nothing that is not written beside it.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 100;
const HEIGHT = 38;

export function element(tag, { className, text } = {}, ...children) {
  const made = document.createElement(tag);
  if (className !== undefined) made.className = className;
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function path(className, d) {
  const made = document.createElementNS(SVG, "path");
  made.setAttribute("class", className);
  made.setAttribute("d", d);
  return made;
}

/**
 * A line through the last of `length` values, the newest at the right; what is not a number is a gap at 0. The value at
 * its top.
 */
export function drawLine(svg, values, length) {
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const known = values.slice(-length).map(value => (Number.isFinite(value) ? value : 0));
  if (known.length < 2) {
    svg.replaceChildren();
    return 0;
  }
  const most = Math.max(...known, Number.MIN_VALUE);
  const x = i => WIDTH - ((known.length - 1 - i) * WIDTH) / (length - 1);
  const y = value => HEIGHT - 1.5 - (value / most) * (HEIGHT - 5);
  const points = known.map((value, i) => `${x(i).toFixed(2)} ${y(value).toFixed(2)}`);
  svg.replaceChildren(
    path("area", `M${x(0).toFixed(2)} ${HEIGHT} L${points.join(" L")} L${WIDTH} ${HEIGHT} Z`),
    path("line", `M${points.join(" L")}`));
  return most === Number.MIN_VALUE ? 0 : most;
}

/** One column a bucket, labelled by the most that it holds. */
export function drawHistogram(list, buckets) {
  const most = Math.max(...buckets.map(bucket => bucket.count), 1);
  list.replaceChildren(...buckets.map(({ most: upper, count }, i) => {
    const lower = (buckets[i - 1]?.most ?? 0) + 1;
    const bar = element("i");
    bar.style.height = `${(80 * count) / most}%`;
    const column = element("div", { className: "column" }, element("span", { text: count === 0 ? "" : compact(count) }), bar);
    const made = element("li", { className: count === 0 ? "none" : "" }, column, element("span", { text: upper === Infinity ? "more" : upper }));
    made.title = upper === Infinity ? `${lower} or more` : lower === upper ? `${upper}` : `${lower} to ${upper}`;
    return made;
  }));
}

/** A bar that is `share` of its width. */
export function bar(share) {
  const fill = element("i");
  fill.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
  return element("div", { className: "bar" }, fill);
}

/** At most four digits, so that figures keep their places. */
export function compact(value) {
  if (!Number.isFinite(value)) return "–";
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e4]]) {
    if (value >= size) return `${Number((value / (size === 1e4 ? 1e3 : size)).toPrecision(3))} ${unit}`;
  }
  return value >= 100 ? value.toFixed(0) : `${Number(value.toFixed(value >= 10 ? 1 : 2))}`;
}

export function milliseconds(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const value = seconds * 1000;
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 3);
}
