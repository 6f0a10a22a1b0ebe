package sala.tornado.interpreter.engine;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import sala.tornado.interpreter.InterpreterException;
import uk.ac.manchester.tornado.api.common.TornadoFunctions;

/** Calls a task's functional object, whatever its number of parameters. */
final class TaskInvoker {
    private TaskInvoker() {}

    /** The object's {@code apply}, taking its arguments as one array. */
    static MethodHandle of(Object code, int parameterCount) {
        Class<?> shape = shape(code, parameterCount);
        try {
            return MethodHandles.lookup()
                    .findVirtual(
                            shape,
                            "apply",
                            MethodType.genericMethodType(parameterCount).changeReturnType(void.class))
                    .bindTo(code)
                    .asSpreader(Object[].class, parameterCount);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(shape + " has no apply", e);
        }
    }

    private static Class<?> shape(Object code, int parameterCount) {
        String name = parameterCount == 0 ? "Task" : "Task" + parameterCount;
        return List.of(TornadoFunctions.class.getClasses()).stream()
                .filter(candidate -> candidate.getSimpleName().equals(name))
                .filter(candidate -> candidate.isInstance(code))
                .findFirst()
                .orElseThrow(() -> new InterpreterException(
                        "a task of %d arguments is no TornadoFunctions.%s: a task has at most 20 arguments"
                                .formatted(parameterCount, name)));
    }
}
