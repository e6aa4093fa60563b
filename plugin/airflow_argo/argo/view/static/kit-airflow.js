// `ui.X(props, …children)` for Airflow: on the React and the Chakra that it shares. Capital letters are the components
// that both kits have, small ones tags.

const { React, ChakraUI } = globalThis;

const isProps = (value) => value && value.constructor === Object && !value.$$typeof;

const element =
  (type) =>
  (...given) =>
    isProps(given[0])
      ? React.createElement(type, given[0], ...given.slice(1))
      : React.createElement(type, null, ...given);

const PALETTES = {
  Succeeded: "success",
  Failed: "failed",
  Error: "failed",
  Running: "running",
  Pending: "queued",
  Skipped: "skipped",
  Omitted: "removed",
};

const COMPONENTS = {
  Button: ({ tone = "plain", children, ...rest }) =>
    React.createElement(ChakraUI.Button, { size: "sm", ...BUTTONS[tone], ...rest }, children),
  Input: (props) => React.createElement(ChakraUI.Input, { size: "sm", ...props }),
  Phase: ({ phase, ...rest }) =>
    React.createElement(
      ChakraUI.Badge,
      { colorPalette: PALETTES[phase] ?? "gray", variant: "solid", borderRadius: "full", px: 2, ...rest },
      phase,
    ),
  Alert: ({ status, children, ...rest }) =>
    React.createElement(
      ChakraUI.Alert.Root,
      { status, ...rest },
      React.createElement(ChakraUI.Alert.Indicator),
      React.createElement(ChakraUI.Alert.Content, null, children),
    ),
};

const BUTTONS = {
  plain: { variant: "outline" },
  ghost: { variant: "ghost" },
  main: { variant: "solid", colorPalette: "brand" },
  danger: { variant: "solid", colorPalette: "red" },
};

export const ui = new Proxy({}, { get: (_, name) => element(COMPONENTS[name] ?? name) });
