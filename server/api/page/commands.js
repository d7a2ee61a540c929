// The call that the box would make, as commands of a shell. They have no token in them, but where one is to be put.

/** As one word of a POSIX shell. */
function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function flag(name, value) {
  return ` \\\n  ${name} ${quoted(value)}`;
}

/** `message` is a ClassifyRequest in JSON's form. */
export function curlCommand(page, message, needsToken) {
  const token = needsToken ? ' \\\n  -H "Authorization: Bearer $TOKEN"' : "";
  return `curl ${quoted(new URL("v1/classify", page).href)}${flag("-H", "Content-Type: application/json")}${token}`
    + flag("-d", JSON.stringify(message));
}

/** `options` are those of the server that are in force; empty: they are not known. */
export function grpcurlCommand(page, message, needsToken, options) {
  const value = name => options.find(option => option.name === name)?.value ?? "";
  const port = /:(\d+)(?:,|$)/.exec(value("--grpc-address"))?.[1] ?? "50051";
  const plain = ["", "none"].includes(value("--tls-cert")) ? " -plaintext" : "";
  const token = needsToken ? ' \\\n  -H "Authorization: Bearer $TOKEN"' : "";
  return `grpcurl${plain}${token}${flag("-d", JSON.stringify(message))} \\\n`
    + `  ${quoted(`${new URL(page).hostname}:${port === "0" ? "50051" : port}`)} verdict.v1.Classifier/Classify`;
}
