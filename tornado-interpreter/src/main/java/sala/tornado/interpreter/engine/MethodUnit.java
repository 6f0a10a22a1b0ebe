package sala.tornado.interpreter.engine;

import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LocalVariable;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A method of a kernel, the kernel itself or a helper it calls, as it will stand in the rewritten class. */
final class MethodUnit {
    private final String displayName;
    private final String name;
    private final MethodTypeDesc type;
    private final int[] kernelParameters;
    private final int maxLocals;
    private final List<CodeElement> elements;
    private final FrameAnalysis frames;
    private final int[] lines;
    private final Map<Label, Integer> positions = new HashMap<>();
    private final Map<Integer, MethodUnit> callees = new HashMap<>();
    private boolean waits;

    /**
     * @param displayName class and method, for messages
     * @param name the method's name in the rewritten class
     * @param kernelParameters for each parameter, the kernel's parameter it certainly is, or -1
     */
    MethodUnit(String displayName, String name, MethodTypeDesc type, int[] kernelParameters, CodeModel code) {
        this.displayName = displayName;
        this.name = name;
        this.type = type;
        this.kernelParameters = kernelParameters;
        this.maxLocals = ((CodeAttribute) code).maxLocals();
        this.elements = code.elementList();
        this.frames = new FrameAnalysis(type, code);
        this.lines = new int[elements.size()];
        int line = 0;
        for (int i = 0; i < elements.size(); i++) {
            switch (elements.get(i)) {
                case LineNumber number -> line = number.line();
                case LabelTarget target -> positions.put(target.label(), i);
                default -> {}
            }
            lines[i] = line;
        }
    }

    String displayName() {
        return displayName;
    }

    String name() {
        return name;
    }

    MethodTypeDesc type() {
        return type;
    }

    int maxLocals() {
        return maxLocals;
    }

    List<CodeElement> elements() {
        return elements;
    }

    int line(int index) {
        return lines[index];
    }

    @Nullable
    Frame frame(int index) {
        return frames.frames().get(index);
    }

    boolean isNeverStored(int slot) {
        return frames.isNeverStored(slot);
    }

    /** The kernel's parameter that a value of this method certainly is, or -1. */
    int kernelParameter(ValueType value) {
        return value.parameter() < 0 ? -1 : kernelParameters[value.parameter()];
    }

    /** Slots of the parameters. */
    int parameterSlots() {
        int slots = 0;
        for (int i = 0; i < type.parameterCount(); i++) {
            slots += TypeKind.from(type.parameterType(i)).slotSize();
        }
        return slots;
    }

    /** The method called at an element. */
    @Nullable
    MethodUnit callee(int index) {
        return callees.get(index);
    }

    void setCallee(int index, MethodUnit callee) {
        callees.put(index, callee);
        waits |= callee.waits;
    }

    void setWaits() {
        waits = true;
    }

    /** Whether lanes may wait in it, or in what it calls. */
    boolean waits() {
        return waits;
    }

    /** The source's name of a local variable at an element. */
    String variableName(int slot, int index, String otherwise) {
        for (CodeElement element : elements) {
            if (element instanceof LocalVariable variable
                    && variable.slot() == slot
                    && position(variable.startScope()) <= index
                    && index <= position(variable.endScope())) {
                return variable.name().stringValue();
            }
        }
        return otherwise;
    }

    private int position(Label label) {
        return positions.getOrDefault(label, elements.size());
    }
}
