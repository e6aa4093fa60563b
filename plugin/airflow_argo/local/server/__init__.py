"""The embedded server's REST API: paths, parameters, bodies, and streams. What they do stands in the controller."""
