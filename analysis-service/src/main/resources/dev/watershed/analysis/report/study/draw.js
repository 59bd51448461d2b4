/* Draws all of it; tables and cards are in the page already. */
document.querySelectorAll('table.sortable').forEach((one) => attempt(one.id, () => sortable(one)));
attempt('distances', heatmap);
attempt('within against across', strip);
attempt('eigenvalues', spectrum);
attempt('pair', pair);
attempt('curves', curves);
diagnostics.forEach((_, d) => attempt(diagnosticName(d), () => diagnostic(d)));
attempt('given accuracy', forest);
attempt('correlations of scores', correlations);
comparisons.forEach((_, i) => attempt(comparisons[i].name ?? '', () => against(i)));
attempt('training', factors);
byId('groups-section').hidden = comparisons.length === 0;
byId('diagnostics-section').hidden = diagnostics.length === 0;
finish();
