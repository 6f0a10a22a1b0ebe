package sala.tornado.interpreter.engine;

import java.lang.constant.MethodTypeDesc;

/**
 * The static method behind a task.
 *
 * @param owner the class that has it
 * @param name its name
 * @param type its parameters and result
 */
record KernelMethod(Class<?> owner, String name, MethodTypeDesc type) {
    /** As messages name it. */
    String displayName() {
        return owner.getSimpleName() + "." + name;
    }
}
