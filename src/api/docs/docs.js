// Shows /openapi.json with Swagger UI, in place of the plain list of resources. The list of errors
// stays as it is: the `type` of a problem leads there (/docs#not_found).
"use strict";

function show_target() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target !== null) target.scrollIntoView();
}

window.addEventListener("load", () => {
  window.SwaggerUIBundle({
    url: "/openapi.json",
    dom_id: "#viewer",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    validatorUrl: null, // a service on the internet otherwise
    onComplete: () => {
      document.getElementById("resources").hidden = true;
      document.querySelector("header h1").hidden = true; // the viewer has one
      show_target();
    },
  });
});
