package sala.tornado.interpreter.engine;

import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import sala.tornado.interpreter.InterpreterException;
import uk.ac.manchester.tornado.api.KernelContext;

/**
 * Finds the method behind a task's functional object. The object is called once with null for its context and arrays:
 * the method fails at its first use of one of them, and the failure's stack tells which method that was.
 */
final class KernelFinder {
    /** One entry per place in the source that makes a functional object; the answer depends on nothing else. */
    private static final ClassValue<Map<Integer, Optional<KernelMethod>>> FOUND = new ClassValue<>() {
        @Override
        protected Map<Integer, Optional<KernelMethod>> computeValue(Class<?> type) {
            return new ConcurrentHashMap<>();
        }
    };

    private KernelFinder() {}

    /** The method, or none where it does nothing with any context or array. */
    static Optional<KernelMethod> find(String task, Object code, List<Object> arguments) {
        Map<Integer, Optional<KernelMethod>> known = FOUND.get(code.getClass());
        Optional<KernelMethod> found = known.get(arguments.size());
        if (found == null || found.isEmpty()) {
            found = probe(task, code, arguments);
            known.put(arguments.size(), found);
        }
        return found;
    }

    private static Optional<KernelMethod> probe(String task, Object code, List<Object> arguments) {
        @Nullable Object[] probes = new @Nullable Object[arguments.size()];
        for (int i = 0; i < probes.length; i++) {
            Object argument = arguments.get(i);
            boolean replaced = argument instanceof KernelContext || DeviceArray.isArray(argument);
            probes[i] = replaced ? null : argument;
        }
        try {
            call(TaskInvoker.of(code, arguments.size()), probes);
            return Optional.empty();
        } catch (NullPointerException e) {
            return Optional.of(calledMethod(task, code, arguments, e));
        } catch (ClassCastException e) {
            throw new InterpreterException(
                    "task %s: an argument's type is not that of the kernel's parameter: %s"
                            .formatted(task, e.getMessage()),
                    e);
        }
    }

    private static void call(MethodHandle apply, @Nullable Object[] probes) {
        try {
            apply.invoke(probes);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static KernelMethod calledMethod(
            String task, Object code, List<Object> arguments, NullPointerException failure) {
        StackTraceElement[] stack = failure.getStackTrace();
        StackTraceElement kernelFrame = null;
        for (StackTraceElement frame : stack) {
            if (frame.getClassName().equals(KernelFinder.class.getName())) {
                break;
            }
            if (!frame.getClassName().startsWith("java.lang.invoke.")) {
                kernelFrame = frame;
            }
        }
        if (kernelFrame == null) {
            throw new InterpreterException(
                    "task %s: the kernel's method cannot be told: it is no static method or lambda".formatted(task));
        }
        return method(task, code, arguments, kernelFrame);
    }

    private static KernelMethod method(String task, Object code, List<Object> arguments, StackTraceElement frame) {
        Class<?> owner;
        try {
            owner = Class.forName(frame.getClassName(), false, code.getClass().getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new InterpreterException(
                    "task %s: class %s of the kernel is not visible".formatted(task, frame.getClassName()), e);
        }
        List<Method> candidates = Arrays.stream(owner.getDeclaredMethods())
                .filter(method -> method.getName().equals(frame.getMethodName()))
                .filter(method -> Modifier.isStatic(method.getModifiers()))
                .filter(method -> accepts(method.getParameterTypes(), arguments))
                .toList();
        if (candidates.size() != 1) {
            throw new InterpreterException(
                    "task %s: %d static methods %s.%s take its %d arguments (%s): expected one; a kernel is static, captures nothing and has a name of its own"
                            .formatted(
                                    task,
                                    candidates.size(),
                                    owner.getSimpleName(),
                                    frame.getMethodName(),
                                    arguments.size(),
                                    String.join(
                                            ", ",
                                            arguments.stream()
                                                    .map(argument ->
                                                            argument.getClass().getSimpleName())
                                                    .toList())));
        }
        Method method = candidates.get(0);
        String type = MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                .descriptorString();
        return new KernelMethod(owner, method.getName(), MethodTypeDesc.ofDescriptor(type));
    }

    private static boolean accepts(Class<?>[] parameters, List<Object> arguments) {
        if (parameters.length != arguments.size()) {
            return false;
        }
        for (int i = 0; i < parameters.length; i++) {
            Class<?> boxed = MethodType.methodType(parameters[i]).wrap().returnType();
            Object argument = arguments.get(i);
            boolean widened = Number.class.isAssignableFrom(boxed) && argument instanceof Number;
            if (!boxed.isInstance(argument) && !widened) {
                return false;
            }
        }
        return true;
    }
}
