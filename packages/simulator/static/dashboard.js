/**
 * What the dashboard does in the browser beside htmx, which fetches what has changed: it marks the current section,
 * copies, asks before what destroys, counts down, and says when the simulator is gone.
 */
const find = (selector) => document.querySelector(selector)
const isPoll = (event) => event.detail.ctx?.sourceElement?.matches?.("#poll") === true

/** Marks the link of the section that is shown. */
const markSection = () => {
  const shown = location.hash === "" ? "#overview" : location.hash
  for (const link of document.querySelectorAll("nav a")) {
    const isShown = link.getAttribute("href") === shown
    if (isShown && link.ariaCurrent === null) link.scrollIntoView({ block: "nearest", inline: "center" })
    if (isShown) link.ariaCurrent = "page"
    else link.removeAttribute("aria-current")
  }
}

/** Shows how long each countdown has left by the registry's clock, which comes with every answer. */
const countDown = () => {
  const now = Number(find("#now").dataset.now)
  for (const time of document.querySelectorAll("[data-until]")) {
    const seconds = Math.max(0, Math.ceil((Number(time.dataset.until) - now) / 1000))
    const two = (count) => String(count % 60).padStart(2, "0")
    const days = Math.floor(seconds / 86_400)
    const hours = Math.floor(seconds / 3_600) % 24
    const clock = `${hours}:${two(Math.floor(seconds / 60))}:${two(seconds)}`
    time.textContent = days > 0 ? `${days} d ${clock}` : clock
  }
}

/** Shows a line that goes away by itself. */
const notify = (text) => {
  const line = document.createElement("p")
  line.className = "notice good"
  line.textContent = text
  find("#notices").replaceChildren(line)
  fade()
}

/** Removes a line of success after a while. A complaint stays until the next line. */
const fade = () => {
  const line = find("#notices .good")
  if (line !== null) setTimeout(() => line.remove(), 5_000)
}

const connection = (text, tone) => {
  const badge = find("#connection")
  if (badge.textContent === text) return
  badge.textContent = text
  badge.className = `badge ${tone}`
}

/** Copies what a button carries. */
const copy = async (button) => {
  await navigator.clipboard.writeText(button.dataset.copy)
  notify("Copied.")
}

const showTheme = () => {
  const { dataset } = document.documentElement
  const present = dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")
  dataset.theme = present === "dark" ? "light" : "dark"
  localStorage.setItem("icr-simulator-theme", dataset.theme)
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, .skip")
  if (button === null) return
  if (button.matches("[data-copy]")) void copy(button)
  if (button.matches("#theme")) showTheme()
  if (button.matches("dialog footer button")) button.closest("dialog").close(button.value)
  if (button.matches(".skip")) {
    // The link's own target would hide the section that is shown.
    event.preventDefault()
    find("#main").focus()
  }
})

document.addEventListener("htmx:confirm", (event) => {
  event.preventDefault()
  const { ctx, dropRequest, issueRequest } = event.detail
  const dialog = find("#confirm")
  find("#question").textContent = ctx.confirm
  // The answer says what it does, as the button did.
  find("#confirm [value=yes]").textContent = ctx.request.submitter?.textContent ?? "Yes"
  dialog.returnValue = "no"
  dialog.addEventListener("close", () => (dialog.returnValue === "yes" ? issueRequest() : dropRequest()), {
    once: true
  })
  dialog.showModal()
})

document.addEventListener("htmx:config:request", (event) => {
  if (document.hidden && isPoll(event)) event.preventDefault()
})

document.addEventListener("htmx:after:swap", (event) => {
  countDown()
  markSection()
  if (isPoll(event)) connection("running", "good")
  else fade()
  if (find("#revealed").childElementCount > 0 && !find("#reveal").open) find("#reveal").showModal()
})

document.addEventListener("htmx:error", (event) => {
  if (isPoll(event)) connection("not reachable", "bad")
})

// What was shown once is not kept in the page.
find("#reveal").addEventListener("close", () => find("#revealed").replaceChildren())

addEventListener("hashchange", () => {
  markSection()
  scrollTo({ top: 0 })
})
markSection()
countDown()
