package sala.samples.notebook;

import java.lang.reflect.Method;
import java.util.Optional;
import jdk.jshell.execution.DirectExecutionControl;

/**
 * Runs snippets in this JVM and keeps the object that the last one gave: JShell itself hands out its text alone, and a
 * picture is more than its text.
 */
final class ValueKeepingControl extends DirectExecutionControl {
    private Optional<Object> lastValue = Optional.empty();

    /** What the snippet that ran last gave; empty for nothing and for null. */
    Optional<Object> lastValue() {
        return lastValue;
    }

    @Override
    protected String invoke(Method snippet) throws Exception {
        lastValue = Optional.empty();
        lastValue = Optional.ofNullable(snippet.invoke(null));
        return valueString(lastValue.orElse(null));
    }
}
