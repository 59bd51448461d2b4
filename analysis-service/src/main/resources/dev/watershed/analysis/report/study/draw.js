/* Draws all of it. */
attempt('key figures', tiles);
attempt('distances', heatmap);
attempt('basins', basins);
attempt('within against across', strip);
attempt('pair', pair);
attempt('pairs', pairTable);
attempt('curves', curves);
diagnostics.forEach((_, d) => attempt(diagnosticName(d), () => diagnostic(d)));
if (diagnostics.length) attempt('diagnostics', diagnosticTable);
else byId('diagnostics-section').hidden = true;
if (comparisons.length) attempt('groups', groupTable);
else byId('groups-section').hidden = true;
attempt('models', modelTable);
attempt('provenance', measured);
finish();
