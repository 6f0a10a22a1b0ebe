package sala.samples.notebook;

/** A part of a lesson. */
public sealed interface Cell {
    /**
     * What there is to read.
     *
     * @param markdown without the slashes that make it a comment of Java
     */
    record Text(String markdown) implements Cell {}

    /**
     * What there is to run.
     *
     * @param source Java as JShell takes it
     * @param line where it begins in the lesson's file, from 1
     * @param varies whether another run or machine prints something else, such as times
     */
    record Code(String source, int line, boolean varies) implements Cell {}
}
