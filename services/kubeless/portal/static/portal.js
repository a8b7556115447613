// What others draw without a name for those who do not see it gets one as soon as it appears: CodeMirror's text boxes
// that of the editor they are in, the check boxes of a table's rows that of their row, dialogs their heading.
// The bar that shows that something loads has none either. What sorts a table by a click does so by Enter, too.
new MutationObserver(() => {
  for (const box of document.querySelectorAll(".editor[aria-label] .cm-content:not([aria-label])")) {
    box.setAttribute("aria-label", box.closest(".editor").getAttribute("aria-label"));
  }
  for (const box of document.querySelectorAll('.q-table [role="checkbox"]:not([aria-label])')) {
    const cells = [...box.closest("tr").querySelectorAll("td")].slice(1, 4).map((cell) => cell.textContent);
    box.setAttribute("aria-label", cells.length ? `Select ${cells.join(" ")}` : "Select all");
  }
  for (const dialog of document.querySelectorAll('[role="dialog"]')) {
    const title = dialog.querySelector("h2")?.textContent;
    if (title && dialog.getAttribute("aria-label") !== title) dialog.setAttribute("aria-label", title);
  }
  document.querySelector(".q-loading-bar:not([aria-label])")?.setAttribute("aria-label", "Loading");
  for (const head of document.querySelectorAll("th.sortable:not([tabindex])")) {
    head.tabIndex = 0;
    head.addEventListener("keydown", (event) => {
      if (event.key === "Enter") head.click();
    });
  }
}).observe(document, { childList: true, subtree: true });
