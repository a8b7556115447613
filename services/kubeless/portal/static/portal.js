// What others draw without a name for those who do not see it gets one as soon as it appears: CodeMirror's text boxes
// that of the editor they are in, the check boxes of a table's rows that of their row.
new MutationObserver(() => {
  for (const box of document.querySelectorAll(".editor[aria-label] .cm-content:not([aria-label])")) {
    box.setAttribute("aria-label", box.closest(".editor").getAttribute("aria-label"));
  }
  for (const box of document.querySelectorAll('.q-table [role="checkbox"]:not([aria-label])')) {
    const cells = [...box.closest("tr").querySelectorAll("td")].slice(1, 4).map((cell) => cell.textContent);
    box.setAttribute("aria-label", cells.length ? `Select ${cells.join(" ")}` : "Select all");
  }
}).observe(document, { childList: true, subtree: true });
