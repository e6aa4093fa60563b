// The tab on Airflow's task instances: what Airflow loads, and what it finds as `globalThis.Argo`.

import { makeHttp } from "./http.js";
import { ui } from "./kit-airflow.js";
import { view } from "./view.js";
import { openWorkflow } from "./workflow.js";

const { React } = globalThis;

const opened = new Map();
const MOST_OPENED = 50;

/** Airflow mounts a tab anew on many occasions; what was seen and chosen is kept here. */
function workflowOf({ dagId, runId, taskId, mapIndex }) {
  const index = mapIndex === undefined ? "-1" : mapIndex;
  const [dag, run, task] = [dagId, runId, taskId].map(encodeURIComponent);
  const path = `argo-ui/api/dags/${dag}/runs/${run}/tasks/${task}/${encodeURIComponent(index)}/`;
  if (!opened.has(path)) {
    if (opened.size >= MOST_OPENED) opened.delete(opened.keys().next().value);
    opened.set(path, openWorkflow(makeHttp(new URL(path, document.baseURI))));
  }
  return opened.get(path);
}

function Tab(props) {
  const { store, actions, start, stop } = workflowOf(props);
  const state = React.useSyncExternalStore(store.subscribe, store.get);
  React.useEffect(() => {
    start();
    return stop;
  }, [start, stop]);
  const loginUrl = new URL(`api/v2/auth/login?next=${encodeURIComponent(location.href)}`, document.baseURI).href;
  return view(ui, state, actions, { loginUrl });
}

/** Without it a fault here would take Airflow's whole page away. */
class Guard extends React.Component {
  constructor(props) {
    super(props);
    this.state = { error: null };
  }

  static getDerivedStateFromError(error) {
    return { error };
  }

  render() {
    if (!this.state.error) return this.props.children;
    return ui.div(
      { className: "argo", "data-testid": "argo-fault" },
      ui.Alert({ status: "error" }, `This tab has a fault: ${this.state.error}. The task and its workflow are not affected.`),
    );
  }
}

function loadStyle() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("view.css", import.meta.url);
  return new Promise((ready) => {
    link.onload = link.onerror = ready;
    document.head.append(link);
  });
}

await loadStyle();
globalThis.Argo = (props) => React.createElement(Guard, null, React.createElement(Tab, props));
