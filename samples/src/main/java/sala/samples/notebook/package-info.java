/**
 * Lessons as programs: {@link sala.samples.notebook.Lesson} reads a {@code .jsh} file as text and code cells,
 * {@link sala.samples.notebook.CellRunner} runs the code as JShell does, {@link sala.samples.notebook.NotebookFile} writes
 * both with their outputs as a Jupyter notebook.
 */
@NullMarked
package sala.samples.notebook;

import org.jspecify.annotations.NullMarked;
