"use strict";
// Shows the document that the page names in Redoc.
{
    const viewer = document.getElementById("viewer");
    Redoc.init(viewer.dataset.document, { hideDownloadButton: true }, viewer);
}
