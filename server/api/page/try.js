// The box where a person tries a text. What the server says becomes text of the page, never markup.
import { bar, element, milliseconds } from "./charts.js";
import { curlCommand, grpcurlCommand } from "./commands.js";

const SHOWN_TOKENS = 400; // at each end of a long text

let serverOptions = []; // in force, once they are known

const byId = id => document.getElementById(id);
const write = (id, text) => { byId(id).textContent = text; };

/** The reply's JSON, or an error that says what the server said. */
async function call(path, message) {
  const headers = {};
  const token = byId("token").value.trim();
  if (token !== "") headers["Authorization"] = `Bearer ${token}`;
  const request = { cache: "no-store", headers };
  if (message !== undefined) {
    headers["Content-Type"] = "application/json";
    Object.assign(request, { method: "POST", body: JSON.stringify(message) });
  }
  const reply = await fetch(path, request);
  const json = await reply.json();
  if (reply.ok) return json;
  throw Object.assign(new Error(json.message), { status: reply.status });
}

function show(id, visible) {
  byId(id).hidden = !visible;
}

function showFailure(error) {
  write("failure", error.status === undefined ? "The server does not answer." : `${error.status}: ${error.message}`);
  show("failure", true);
  if (error.status !== 401) return;
  show("token-field", true);
  byId("token").focus();
}

function showScores(scores) {
  const most = Math.max(1, ...scores.map(({ score }) => Math.abs(score)));
  byId("scores").replaceChildren(...scores.map(({ label, score }) => element("li", {},
    element("span", { text: label }), bar(Math.max(0, score) / most), element("span", { text: score.toFixed(4) }))));
}

function showTimings(timings) {
  const total = parseFloat(timings.total);
  const parts = ["tokenize", "queue", "inference"].map(stage => [stage, parseFloat(timings[stage])]);
  parts.push(["rest", Math.max(0, total - parts.reduce((sum, [, seconds]) => sum + seconds, 0))]);
  write("total-time", `${milliseconds(total)} ms in the server`);
  byId("timeline").replaceChildren(...parts.map(([stage, seconds]) => {
    const part = element("i", { className: stage });
    part.style.flexGrow = seconds / total;
    return part;
  }));
  byId("timings").replaceChildren(...parts.map(([stage, seconds]) =>
    element("li", { className: stage }, `${stage} `, element("b", { text: `${milliseconds(seconds)} ms` }))));
}

function tokenElement({ id, text, begin, end, cut }) {
  const special = begin === 0 && end === 0;
  const made = element(cut ? "del" : "span", { className: special ? "special" : "", text });
  made.title = special ? `id ${id}, added` : `id ${id}, bytes ${begin} to ${end}${cut ? ", cut off" : ""}`;
  return made;
}

function showTokens(tokens) {
  const cut = tokens.filter(token => token.cut).length;
  write("token-count", cut === 0 ? `${tokens.length}, none cut` : `${tokens.length}, of which ${cut} cut`);
  const unshown = Math.max(0, tokens.length - 2 * SHOWN_TOKENS);
  const elements = (unshown === 0 ? tokens : [...tokens.slice(0, SHOWN_TOKENS), ...tokens.slice(-SHOWN_TOKENS)]).map(tokenElement);
  if (unshown > 0) elements.splice(SHOWN_TOKENS, 0, element("em", { text: `… ${unshown} not shown …` }));
  byId("tokens").replaceChildren(...elements.flatMap(made => [made, " "]));
  show("token-view", true);
}

function showAnswer(answer) {
  write("label", answer.label);
  write("score", answer.score.toFixed(4));
  showScores(answer.scores);
  showTimings(answer.timings);
  show("answer", true);
}

/** What the form says: a ClassifyRequest. */
function request() {
  const input = { text: byId("text").value };
  if (byId("has-pair").checked) input.textPair = byId("pair").value;
  return { input, options: { truncation: byId("truncation").value, topK: Number(byId("top-k").value) } };
}

function showCommands() {
  const { input, options } = request();
  if (input.text === "") input.text = byId("text").placeholder;
  const said = Object.entries(options).filter(([, value]) => value !== 0 && value !== "TRUNCATION_UNSPECIFIED");
  const message = said.length === 0 ? { input } : { input, options: Object.fromEntries(said) };
  const needsToken = !byId("token-field").hidden;
  write("curl", curlCommand(location.href, message, needsToken));
  write("grpcurl", grpcurlCommand(location.href, message, needsToken, serverOptions));
}

/** Only pages of HTTPS and of this machine may write to the clipboard; elsewhere the text is selected. */
async function copy(button) {
  const source = byId(button.dataset.copies);
  getSelection().selectAllChildren(source);
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

async function classify(event) {
  event.preventDefault();
  showCommands(); // a form that a program filled in said nothing of it
  const { input, options } = request();
  const { truncation } = options;
  byId("classify").disabled = true;
  byId("outcome").classList.add("waiting");
  const [answer, tokens] = await Promise.allSettled([
    call("v1/classify", { input, options }),
    call("v1/tokenize", { input, addSpecialTokens: true, truncation }),
  ]);
  ["failure", "answer", "token-view"].forEach(id => show(id, false));
  if (answer.status === "fulfilled") showAnswer(answer.value);
  else showFailure(answer.reason);
  if (tokens.status === "fulfilled") showTokens(tokens.value.tokens);
  byId("outcome").classList.remove("waiting");
  byId("classify").disabled = false;
}

/** Tells what is served, how, and whether it may be called from here. */
async function learnModel({ onModel, onOptions }) {
  try {
    onModel(await call("v1/model"));
    serverOptions = (await call("debug/options")).options;
    onOptions(serverOptions);
    showCommands();
  } catch (error) {
    if (error.status === 401) show("token-field", true);
    if (error.status !== 403) return;
    write("closed", error.message);
    show("closed", true);
    byId("try").querySelectorAll("input, textarea, select, button").forEach(field => { field.disabled = true; });
  }
}

export function startTrying(listeners) {
  byId("try").addEventListener("submit", classify);
  byId("has-pair").addEventListener("change", event => {
    show("pair-field", event.target.checked);
    byId("pair").required = event.target.checked;
  });
  byId("token").addEventListener("change", () => learnModel(listeners));
  byId("try").addEventListener("input", showCommands);
  document.querySelectorAll(".copy").forEach(button => button.addEventListener("click", () => copy(button)));
  byId("text").addEventListener("keydown", event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) byId("try").requestSubmit();
  });
  learnModel(listeners).then(showCommands);
}
