// Says on the page what the API says of itself, so that a person sees the whole system work.
const line = document.getElementById("health");
fetch("/api/health")
  .then((answer) => answer.json())
  .then((health) => { line.textContent = `API: ${health.status}`; })
  .catch((error) => { line.textContent = `API: ${error}`; });
