package sala.tornado.interpreter.engine;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Kernels made ready, kept as long as their classes: what comes of a method depends on nothing but its bytecode. */
final class KernelPrograms {
    private static final ClassValue<Map<String, KernelProgram>> PROGRAMS = new ClassValue<>() {
        @Override
        protected Map<String, KernelProgram> computeValue(Class<?> type) {
            return new ConcurrentHashMap<>();
        }
    };

    private KernelPrograms() {}

    static KernelProgram of(KernelMethod method, boolean checks) {
        String key = method.name() + method.type().descriptorString() + checks;
        return PROGRAMS.get(method.owner()).computeIfAbsent(key, _ -> KernelCompiler.compile(method, checks));
    }
}
