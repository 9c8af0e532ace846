"""Results drawn as Plotly figures, one palette by meaning."""
