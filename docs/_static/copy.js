// A button on each block of code, which copies what a reader would type: of a session
// the lines after the prompts, without prompts and without what was printed.
const PROMPT = /^(>>> |\.\.\. |\$ |>>>$|\.\.\.$)/;

function typed(text) {
  const lines = text.trimEnd().split("\n");
  if (!PROMPT.test(lines[0])) return text.trimEnd();
  let goesOn = false; // after a backslash, a command has more lines
  const kept = lines.filter((line) => {
    const keep = PROMPT.test(line) || goesOn;
    goesOn = keep && line.endsWith("\\");
    return keep;
  });
  return kept.map((line) => line.replace(PROMPT, "")).join("\n");
}

document.addEventListener("DOMContentLoaded", () => {
  for (const block of document.querySelectorAll("div.highlight")) {
    const button = document.createElement("button");
    button.className = "copy-code";
    button.type = "button";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy the code");
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(typed(block.querySelector("pre").textContent));
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    block.prepend(button);
  }
});
