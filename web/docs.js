"use strict";
// Shows the document that the page names in Swagger UI. Keys stay in the page's memory.
{
    const viewer = document.getElementById("viewer");
    SwaggerUIBundle({
        domNode: viewer,
        url: viewer.dataset.document,
        deepLinking: true,
        validatorUrl: null,
        persistAuthorization: false,
        displayRequestDuration: true,
        defaultModelsExpandDepth: 0,
        presets: [SwaggerUIBundle.presets.apis],
        layout: "BaseLayout",
    });
}
