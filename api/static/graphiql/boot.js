// Starts GraphiQL on the page that the GraphQL door serves to browsers.
(function () {
  'use strict';

  var SAMPLE = [
    '# Ctrl-Enter or the triangle runs this query.',
    '# Ctrl-Space completes; the book at the left',
    '# explains every field.',
    '#',
    '# A session cookie of this browser counts. To',
    '# ask as somebody else, write below, in Headers:',
    '# {"Authorization": "Bearer <session token>"}',
    '',
    'query Welcome {',
    '  __schema {',
    '    queryType {',
    '      fields {',
    '        name',
    '        description',
    '      }',
    '    }',
    '  }',
    '}',
    '',
  ].join('\n');

  // Cookies of this origin go along; the extra header is what proves that the request does not
  // come from a form on somebody else's page.
  function fetcher(params, options) {
    var own = {
      'Accept': 'application/graphql-response+json, application/json;q=0.9',
      'Content-Type': 'application/json',
      'X-Counterfoil-Request': '1',
    };
    var typed = (options && options.headers) || {};
    return fetch(window.location.pathname, {
      method: 'POST',
      credentials: 'same-origin',
      headers: Object.assign(own, typed),
      body: JSON.stringify(params),
    }).then(function (answer) {
      return answer.json();
    });
  }

  window.ReactDOM.createRoot(document.getElementById('graphiql')).render(
    window.React.createElement(window.GraphiQL, {
      fetcher: fetcher,
      defaultQuery: SAMPLE,
      defaultEditorToolsVisibility: true,
      shouldPersistHeaders: false,
    })
  );
})();
