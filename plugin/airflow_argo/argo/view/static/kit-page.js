// `ui.X(props, …children)` for a page without React: trees of plain objects, and `draw`, which makes a DOM tree like them
// and changes no more than it has to, so that focus, selection and scroll positions stay.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled"]);
const NAMES = { className: "class", htmlFor: "for", autoFocus: "autofocus", colSpan: "colspan" };

const isProps = (value) => value && value.constructor === Object && !value.tag;

function node(tag, given) {
  const props = isProps(given[0]) ? given[0] : {};
  const children = (isProps(given[0]) ? given.slice(1) : given).flat(Infinity);
  return { tag, key: props.key ?? null, props, children };
}

const COMPONENTS = {
  Button: ({ tone = "plain", ...rest }, children) =>
    node("button", [{ type: "button", ...rest, className: `argo-button argo-${tone}` }, ...children]),
  Input: (props) => node("input", [{ ...props, className: "argo-input" }]),
  Phase: ({ phase, ...rest }) => node("span", [{ ...rest, className: "argo-badge", "data-phase": phase }, phase]),
  Alert: ({ status, ...rest }, children) =>
    node("div", [{ role: "status", ...rest, className: `argo-alert argo-alert-${status}` }, ...children]),
};

export const ui = new Proxy(
  {},
  {
    get: (_, name) => (...given) => {
      const plain = node(name, given);
      return COMPONENTS[name]?.(plain.props, plain.children) ?? plain;
    },
  },
);

/** Make the children of a DOM element like the trees. */
export function draw(parent, trees) {
  const keyed = new Map([...parent.childNodes].filter((each) => each.argoKey != null).map((each) => [each.argoKey, each]));
  let place = parent.firstChild;
  for (const tree of trees) {
    const found = tree?.key != null ? keyed.get(tree.key) : place;
    const element = fits(found, tree) ? found : make(tree, parent);
    if (element === place) place = place.nextSibling;
    else parent.insertBefore(element, place);
    update(element, tree);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

const isNothing = (tree) => tree === null || tree === undefined || tree === false;

function kindOf(tree) {
  // Nothing keeps its place, so that what follows stays what it is.
  if (isNothing(tree)) return "#comment";
  return typeof tree === "object" ? tree.tag : "#text";
}

const fits = (element, tree) =>
  element && element.nodeName.toLowerCase() === kindOf(tree).toLowerCase() && (element.argoKey ?? null) === (tree?.key ?? null);

function make(tree, parent) {
  const kind = kindOf(tree);
  if (kind === "#comment") return document.createComment("");
  if (kind === "#text") return document.createTextNode("");
  const inSvg = kind === "svg" || parent.namespaceURI === SVG;
  const element = inSvg ? document.createElementNS(SVG, kind) : document.createElement(kind);
  element.argoKey = tree.key;
  if (tree.props.autoFocus) queueMicrotask(() => element.focus());
  return element;
}

function update(element, tree) {
  if (isNothing(tree)) return;
  if (typeof tree !== "object") {
    if (element.data !== String(tree)) element.data = String(tree);
    return;
  }
  const before = element.argoProps ?? {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(tree.props)])) {
    if (name !== "key" && (before[name] !== tree.props[name] || PROPERTIES.has(name))) set(element, name, tree.props[name], before[name]);
  }
  element.argoProps = tree.props;
  draw(element, tree.children);
}

function set(element, name, value, before) {
  if (name.startsWith("on")) {
    // React's onChange is what the DOM calls input.
    const event = name === "onChange" ? "input" : name.slice(2).toLowerCase();
    if (before) element.removeEventListener(event, before);
    if (value) element.addEventListener(event, value);
  } else if (name === "style") {
    element.removeAttribute("style");
    for (const [property, each] of Object.entries(value ?? {})) setStyle(element, property, each);
  } else if (PROPERTIES.has(name)) {
    if (element[name] !== (value ?? "")) element[name] = value ?? "";
  } else if (name.startsWith("aria-") && typeof value === "boolean") {
    element.setAttribute(name, String(value));
  } else if (value === null || value === undefined || value === false) {
    element.removeAttribute(NAMES[name] ?? name);
  } else {
    element.setAttribute(NAMES[name] ?? name, value === true ? "" : String(value));
  }
}

function setStyle(element, property, value) {
  if (property.startsWith("--")) element.style.setProperty(property, value);
  else element.style[property] = value;
}
