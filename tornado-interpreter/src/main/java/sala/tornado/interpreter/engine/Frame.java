package sala.tornado.interpreter.engine;

import java.util.List;

/**
 * Types of local variables and of the operand stack before an instruction.
 *
 * @param locals by slot
 * @param stack the bottom first; a long or double is one entry
 */
record Frame(List<ValueType> locals, List<ValueType> stack) {
    /** The value {@code depth} entries below the top. */
    ValueType fromTop(int depth) {
        return stack.get(stack.size() - 1 - depth);
    }

    ValueType local(int slot) {
        return slot < locals.size() ? locals.get(slot) : ValueType.UNUSABLE;
    }
}
