/**
 * JMH result files as a page for people: {@link sala.app.report.ResultFile} reads, {@link sala.app.report.Comparison}
 * judges, {@link sala.app.report.Plots} draws, {@link sala.app.report.ReportPage} writes.
 */
@NullMarked
package sala.app.report;

import org.jspecify.annotations.NullMarked;
