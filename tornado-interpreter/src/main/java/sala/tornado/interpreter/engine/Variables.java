package sala.tornado.interpreter.engine;

import java.lang.classfile.CodeElement;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The local variables of a rewritten method. A method that lanes may wait in gets one for each slot and type, set from
 * the start: then all of them can be saved and restored at one place, whichever call a lane waits in. Other methods keep
 * their slots. The lane stands after the parameters.
 */
final class Variables {
    /**
     * A local variable of the rewritten method.
     *
     * @param value its type
     * @param slot its slot
     * @param parameter whether it comes with the call
     */
    record Variable(ValueType value, int slot, boolean parameter) {}

    private record Key(int slot, TypeKind kind, ClassDesc type) {}

    private final MethodUnit unit;
    private final int laneSlot;
    private final Map<Key, Variable> variables = new LinkedHashMap<>();
    private int nextSlot;

    Variables(MethodUnit unit) {
        this.unit = unit;
        this.laneSlot = unit.parameterSlots();
        this.nextSlot = unit.waits() ? laneSlot + 1 : unit.maxLocals() + 1;
        if (unit.waits()) {
            addParameters();
            addStored();
            requireLoadsOfStored();
        }
    }

    int laneSlot() {
        return laneSlot;
    }

    /** A slot that no variable has. */
    int newSlot(TypeKind kind) {
        int slot = nextSlot;
        nextSlot += kind.slotSize();
        return slot;
    }

    /** The rewritten slot of a variable of the original method. */
    int slot(int original, ValueType value) {
        if (!unit.waits()) {
            return original < laneSlot ? original : original + 1;
        }
        return variable(original, value).slot();
    }

    /** The variable that holds such a value of a slot; made when it is first asked for. */
    Variable variable(int original, ValueType value) {
        Key key = new Key(original, value.kind(), value.type());
        return variables.computeIfAbsent(key, _ -> new Variable(value, newSlot(value.kind()), false));
    }

    /** A variable for the operand stack's entry at a depth from the bottom, while a lane waits. */
    Variable stackEntry(int position, ValueType value) {
        return variable(-1 - position, value);
    }

    /** All variables that do not come with the call. */
    List<Variable> own() {
        return variables.values().stream()
                .filter(variable -> !variable.parameter())
                .toList();
    }

    private void addParameters() {
        int slot = 0;
        for (ClassDesc type : unit.type().parameterList()) {
            ValueType value = ValueType.ofDescriptor(type);
            variables.put(new Key(slot, value.kind(), value.type()), new Variable(value, slot, true));
            slot += value.kind().slotSize();
        }
    }

    private void addStored() {
        for (int i = 0; i < unit.elements().size(); i++) {
            Frame frame = unit.frame(i);
            if (frame != null && unit.elements().get(i) instanceof StoreInstruction store) {
                variable(store.slot(), frame.fromTop(0));
            }
        }
    }

    /** A load must find the variable that a store has set: kernels keep one type of object in a variable. */
    private void requireLoadsOfStored() {
        Set<Key> known = new HashSet<>(variables.keySet());
        List<String> unknown = new ArrayList<>();
        for (int i = 0; i < unit.elements().size(); i++) {
            CodeElement element = unit.elements().get(i);
            Frame frame = unit.frame(i);
            int slot = switch (element) {
                case LoadInstruction load -> load.slot();
                case IncrementInstruction increment -> increment.slot();
                default -> -1;
            };
            if (frame != null && slot >= 0) {
                ValueType value = frame.local(slot);
                if (!known.contains(new Key(slot, value.kind(), value.type()))) {
                    unknown.add(unit.variableName(slot, i, "a variable") + " line " + unit.line(i));
                }
            }
        }
        if (!unknown.isEmpty()) {
            throw new UnsupportedVariableException(unknown.get(0));
        }
    }

    /** A variable that holds objects of several types. */
    static final class UnsupportedVariableException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        UnsupportedVariableException(String variable) {
            super("keeps objects of several types, or null, in " + variable + ": kernels keep one type in a variable");
        }
    }
}
